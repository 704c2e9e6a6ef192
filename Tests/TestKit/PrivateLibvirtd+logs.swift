import Foundation

extension PrivateLibvirtd {
    /// How many calls it was asked so far, over all connections; only with `countsCalls`.
    ///
    /// - Throws: Where its log cannot be read.
    package func calls() throws -> Int {
        // A message of the type 0 calls a procedure; others belong to streams, or to keepalive's program.
        try String(contentsOfFile: directory.file("log/calls.log"), encoding: .utf8).split(separator: "\n")
            .count { $0.contains("prog=536903814 ver=1 type=0 ") }
    }

    /// What a guest has written to its serial console.
    ///
    /// - Parameter domainName: The domain's name.
    /// - Returns: The text; empty where there is none yet.
    package func console(of domainName: String) -> String {
        let data = FileManager.default.contents(atPath: directory.file("log/qemu/\(domainName)-console.log"))
        return String(decoding: data ?? Data(), as: UTF8.self)
    }
}
