import ArgumentParser
import Bootstrap
import Foundation
import Model

/// `hvc-worker`: takes requests off the queue, finds a machine for each and drives libvirt there.
@main
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hvc-worker",
        abstract: "Places virtual machines on physical ones and runs them there.",
        discussion: """
            Takes accepted requests from the Redis list on which hvc-gateway puts them, in order, over any number of \
            workers. Discovers the physical machines over ssh and libvirt.

            The three files say what there is; a worker that is given none uses what another one registered. SIGHUP \
            reads them anew.

            It is set by environment variables:

            \(WorkerSettings.descriptions.helpText)

            It stops on SIGTERM or Ctrl-C: jobs under way get HVC_GRACE to end, then go back to the queue.
            """,
        version: "hvc-worker \(Program.version)",
        subcommands: [AuditCommand.self, TraceCommand.self, ReplayCommand.self]
    )

    @Option(help: "The physical machines: an address a line, or a dictionary (HVC_PM_FILE).")
    var pmFile: String?

    @Option(help: "Simulated machines in place of the file: simulated:COUNT[,option=value…] (HVC_FLEET).")
    var fleet: String?

    @Option(help: "The images: a path a line, or a dictionary (HVC_IMAGE_FILE).")
    var imageFile: String?

    @Option(help: "The types: a dictionary of cpu, ram in MiB and disk in GiB (HVC_FLAVOR_FILE).")
    var flavorFile: String?

    @Option(help: "The networks that requests may name: one a line, or a dictionary (HVC_NETWORKS_FILE).")
    var networksFile: String?

    @Flag(help: "Checks settings and files, says what is in them or wrong with them, changes nothing, and ends.")
    var check = false

    func run() async throws {
        _ = DescriptorLimit.raise()
        try await Program.reportingFailures(as: "hvc-worker") {
            var reader = SettingsReader(environment: ProcessInfo.processInfo.environment)
            let settings = settings(from: &reader)
            let catalog = CatalogFiles(settings: settings).read(noting: &reader)
            try reader.finish()
            if check {
                try await CatalogCheck(settings: settings, lists: catalog).run()
            } else {
                try await WorkerProgram(settings: settings).run()
            }
        }
    }

    /// The environment's settings, and what the options say in their place.
    private func settings(from reader: inout SettingsReader) -> WorkerSettings {
        var settings = WorkerSettings(from: &reader)
        settings.files.pm = pmFile ?? settings.files.pm
        if let fleet {
            settings.files.fleet = reader.attempt { () throws(Failure) in try SimulatedFleet(fleet) }
        }
        settings.files.image = imageFile ?? settings.files.image
        settings.files.flavor = flavorFile ?? settings.files.flavor
        settings.files.networks = networksFile ?? settings.files.networks
        return settings
    }
}
