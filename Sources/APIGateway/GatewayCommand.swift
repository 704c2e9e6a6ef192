import ArgumentParser
import Bootstrap
import Foundation
import Model

/// `hvc-gateway`: takes requests over HTTP, checks them and puts them on the queue; answers from Redis.
@main
struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hvc-gateway",
        abstract: "The REST API of Hypervisor-Coordinator.",
        discussion: """
            Checks requests for virtual machines and puts them on a Redis list, from which workers (hvc-worker) take \
            them. Answers what is known of machines and VMs from Redis.

            It is set by environment variables:

            \(GatewaySettings.descriptions.helpText)

            It stops on SIGTERM or Ctrl-C when the requests under way are answered.
            """
    )

    func run() async throws {
        _ = DescriptorLimit.raise()
        do {
            let settings = try GatewaySettings(environment: ProcessInfo.processInfo.environment)
            try await Gateway(settings: settings).run()
        } catch let failure as Failure {
            Program.logWriter.flush()
            throw ValidationError(failure.description)
        }
    }
}
