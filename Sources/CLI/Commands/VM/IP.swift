import API
import ArgumentParser

/// `hvctl ip`: the address of a VM, for scripts.
struct IP: ClientCommand {
    static let configuration = CommandConfiguration(abstract: "Prints the address of a VM.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its name or number.", completion: VMNoun.completion)
    var vm: String

    @Flag(name: .customLong("all"), help: "Prints all addresses.")
    var showsAll = false

    @OptionGroup var wait: WaitOptions

    private static let columns: [Column] = [
        .field("address"), .field("source"), .field("scope"), .field("via", number: true), .field("mac"),
        .field("at", wide: true),
    ]

    func run(in session: Session) async throws {
        let watch = LevelWatch(
            session: session,
            vm: vm,
            level: .address,
            deadline: wait.deadline,
            timeout: wait.timeout
        )
        let object = wait.doesNotWait ? try await session.server.vm(vm) : try await watch.reached()
        guard let address = object["primary_ip"]?.string else {
            throw CommandFailure(
                .failed,
                code: "no_address",
                "\(vm) has no address: \(object["addresses_reason"]?.cell ?? "none is known")",
                next: ["hvctl wait \(vm) --wait address"]
            )
        }
        if showsAll || session.format.isForPrograms {
            return try session.show(object["addresses"]?.items ?? [], Self.columns)
        }
        session.terminal.write(address + "\n")
    }
}
