import Foundation
import TestKit

/// Runs `hvctl` against an installation, as a script does.
struct HVCtl {
    /// How a command ended, and what it wrote.
    struct Result: CustomStringConvertible {
        let status: Int32
        let output: String
        let errors: String

        var description: String { "status \(status)\n\(output)--\n\(errors)" }

        func json() throws -> Any {
            try JSONSerialization.jsonObject(with: Data(output.utf8), options: .fragmentsAllowed)
        }
    }

    private let environment: [String: String]

    /// - Parameters:
    ///   - base: the address of the gateway.
    ///   - folder: where its settings are.
    ///   - token: the token.
    init(_ base: String, folder: TemporaryDirectory, token: String? = nil) {
        var environment = [
            "PATH": "/usr/bin:/bin", "HVCTL_SERVER": base, "HVCTL_CONFIG": folder.file("hvctl/servers.json"),
        ]
        environment["HVCTL_TOKEN"] = token
        self.environment = environment
    }

    func start(_ arguments: [String], input: String = "/dev/null") throws -> ChildProcess {
        try ChildProcess(try BuiltProgram.path("hvctl"), arguments, environment: environment, input: input)
    }

    func callAsFunction(_ arguments: String..., input: String = "/dev/null") async throws -> Result {
        let process = try start(arguments, input: input)
        let exit = try await process.waitForExit(within: .seconds(60))
        return Self.result(of: process, exit)
    }

    static func result(of process: ChildProcess, _ exit: ChildProcess.Exit) -> Result {
        func text(_ stream: ChildProcess.Line.Stream) -> String {
            process.lines.filter { $0.stream == stream }.map { $0.text + "\n" }.joined()
        }
        let status: Int32 = if case .status(let status) = exit { status } else { -1 }
        return Result(status: status, output: text(.output), errors: text(.error))
    }
}
