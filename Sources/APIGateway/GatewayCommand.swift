import API
import ArgumentParser
import Bootstrap
import Foundation
import NIOCore

/// `hvc-gateway`: takes requests over HTTP, checks them and puts them on the queue; answers from Redis.
@main
struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hvc-gateway",
        abstract: "The REST API of Hypervisor-Coordinator.",
        discussion: """
            Checks requests for virtual machines and puts them on a Redis list, from which workers (hvc-worker) take \
            them. Answers what is known of PMs and VMs from Redis.

            It is set by environment variables:

            \(GatewaySettings.descriptions.helpText)

            It stops on SIGTERM or Ctrl-C when the requests under way are answered.
            """,
        version: "hvc-gateway \(Program.version)"
    )

    @Flag(help: "Checks the settings, says what is wrong with them, and ends.")
    var check = false

    @Flag(name: .customLong("openapi"), help: "Prints the description of all calls (OpenAPI 3.1), and ends.")
    var printsOpenAPI = false

    func run() async throws {
        guard !printsOpenAPI else {
            let document = try JSONBody.bytes(OpenAPIDocument.json(version: Program.version))
            return print(String(buffer: document), terminator: "")
        }
        _ = DescriptorLimit.raise()
        try await Program.reportingFailures(as: "hvc-gateway") {
            let settings = try GatewaySettings(environment: ProcessInfo.processInfo.environment)
            guard check else { return try await Gateway(settings: settings).run() }
            Program.print(warnings: settings.warnings, as: "hvc-gateway")
            print("settings: OK")
        }
    }
}
