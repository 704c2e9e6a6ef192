import API
import ArgumentParser
import Model

/// `hvctl`: the command line of Hypervisor-Coordinator.
struct HVCtl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hvctl",
        abstract: "The command line of Hypervisor-Coordinator: VMs on the machines that you have.",
        discussion: """
            A VM is what commands are about where they name nothing else. Commands that change something wait for it, \
            and say on the error stream what goes on; results come on the output stream, as -o asks.

            It ends with 0 done, 1 failed, 2 wrong usage, 3 not found, 4 conflict or wrong state, 5 not allowed, 6 no room \
            or quota, 7 gateway not reachable or not ready, 124 wait over, 130 interrupted.
            """,
        version: "hvctl \(Release.version)",
        groupedSubcommands: [
            CommandGroup(
                name: "VMs",
                subcommands: [
                    Create.self, ListCommand<VMNoun>.self, GetCommand<VMNoun>.self, SetVM.self, Destroy.self, IP.self,
                    Wait.self, SSH.self, Log.self, Console.self,
                ]
            ),
            CommandGroup(
                name: "What goes on",
                subcommands: [
                    Explain.self, DryRuns.self, Capacity.self, Refusals.self, Events.self, Top.self, Watch.self,
                    Jobs.self,
                    Queue.self,
                    Batches.self, Holds.self,
                ]
            ),
            CommandGroup(
                name: "What there is",
                subcommands: [
                    PMs.self, Images.self, Types.self, Networks.self, Keys.self, Groups.self, Workers.self,
                ]
            ),
            CommandGroup(
                name: "Access",
                subcommands: [Projects.self, Quota.self, Tokens.self, AuditLog.self, Webhooks.self]
            ),
            CommandGroup(
                name: "This program",
                subcommands: [
                    Servers.self, Login.self, Doctor.self, Inventory.self, RawCall.self, Completion.self, ManPages.self,
                    Version.self,
                ]
            ),
        ]
    )
}
