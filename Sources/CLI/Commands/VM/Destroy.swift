import API
import ArgumentParser

/// `hvctl destroy`: ends VMs for good.
struct Destroy: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Destroys VMs with their disks.",
        discussion: "On a terminal it asks before; -y answers yes.",
        aliases: ["rm"]
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Their names or numbers.", completion: VMNoun.completion)
    var vms: [String]

    @Flag(name: [.customShort("y"), .customLong("yes")], help: "Does not ask.")
    var isSure = false

    @OptionGroup var wait: WaitOptions

    func run(in session: Session) async throws {
        // Names are looked up before anything is done: what is asked for must be what is destroyed.
        var found: [JSONValue] = []
        for vm in vms { found.append(try await session.server.vm(vm)) }
        let names = found.map { "\($0["name"]?.cell ?? "") (vm \($0["id"]?.cell ?? ""))" }.joined(separator: ", ")
        try session.confirm("destroy \(names) with all data?", isSure: isSure)
        var accepted: [(vm: JSONValue, answer: Server.Answer)] = []
        for vm in found {
            accepted.append(
                (vm, try await session.server.accept(Endpoints.destroyVM, [vm["id"]?.cell ?? ""], body: NoBody()))
            )
        }
        // All were accepted: one that fails keeps nobody from knowing of the others.
        var failure: (any Error)?
        for (vm, answer) in accepted {
            do {
                try await session.follow(answer, wait) { job in show(vm, by: job, session) }
            } catch {
                failure = failure ?? error
                guard vms.count > 1, (error as? CommandFailure)?.exit != .interrupted else { break }
            }
        }
        if let failure { throw failure }
    }

    private func show(_ vm: JSONValue, by job: JSONValue, _ session: Session) {
        var gone: [String: JSONValue] = ["state": "gone"]
        gone["id"] = vm["id"]
        gone["job_id"] = job["id"]
        gone["left"] = job["left"]
        let left = job["left"].map { "  its files that stay: \($0.cell)" } ?? ""
        session.show(.object(gone), as: "\(vm["name"]?.cell ?? "")  vm \(vm["id"]?.cell ?? "")  destroyed\(left)")
    }
}
