import Foundation
import Model
import Subprocess

/// Finds the addresses of a name as all programs of this machine do (getent(1)).
///
/// The C library's own call blocks its thread for as long as name servers do; a program can be ended.
struct HostResolver: Sendable {
    /// The program and what it gets before the name.
    var command = ["timeout", "5", "getent", "ahosts"]

    func addresses(of name: String) async -> Result<[IPAddress], AddressRule.Refusal> {
        do {
            let result = try await Subprocess.run(
                .name(command[0]),
                arguments: Arguments(command.dropFirst() + [name]),
                environment: .inherit.updating(["LC_ALL": "C"]),
                input: .none,
                output: .bytes(limit: ProbeProcess.outputLimit),
                error: .discarded
            )
            let text = String(decoding: result.standardOutput, as: UTF8.self)
            // A line for each kind of socket: the same addresses come again.
            let words = text.split(separator: "\n").compactMap { $0.split(separator: " ").first }
            let found = words.compactMap { IPAddress($0) }
            let addresses = found.reduce(into: [IPAddress]()) { if !$0.contains($1) { $0.append($1) } }
            guard addresses.isEmpty else { return .success(addresses) }
            return .failure(AddressRule.Refusal(reason: "the name \(name) leads to no address"))
        } catch {
            let said = PrintableText.line("\(error)", limit: 200)
            return .failure(AddressRule.Refusal(reason: "the name \(name) cannot be resolved: \(said)"))
        }
    }
}
