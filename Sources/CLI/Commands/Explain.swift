import API
import ArgumentParser

/// `hvctl explain`: why something is as it is.
struct Explain: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Explains a job, a VM or a PM: why it is where it is, and what it waits for.",
        discussion: "A number is that of a job, unless --vm or --pm says otherwise; a name is that of a VM."
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "The number of a job, or the name of a VM.", completion: VMNoun.completion)
    var subject: String

    @Flag(help: "It is a VM.")
    var vm = false

    @Flag(help: "It is a PM.")
    var pm = false

    @Flag(name: .customLong("all"), help: "Shows all PMs that are explained.")
    var showsAll = false

    func run(in session: Session) async throws {
        if pm { return try await explainPM(session) }
        let isJob = !vm && subject.allSatisfy(\.isNumber)
        let job = isJob ? subject : try await job(of: subject, session)
        let answer = try await session.server.call(Endpoints.explainJob, [job]).value
        guard !session.format.isForPrograms else { return session.show(answer) }
        session.terminal.write(Self.heading(answer).map { $0.printable + "\n" }.joined())
        if let explanation = answer["explanation"] {
            try DecisionTable(explanation).show(in: session, all: showsAll)
        }
    }

    private func job(of vm: String, _ session: Session) async throws -> String {
        let object = try await session.server.vm(vm)
        guard let job = object["job_id"]?.cell else {
            throw CommandFailure(
                .notFound,
                code: "unknown_job",
                "\(vm) was made by no job that is known",
                next: ["hvctl get \(vm)"]
            )
        }
        return job
    }

    private static func heading(_ answer: JSONValue) -> [String] {
        func cell(_ name: String) -> String { answer[name]?.cell ?? "" }
        var first = "job \(cell("job_id")) \(cell("kind")) vm \(cell("vm_id")): \(cell("state"))"
        if let pm = answer["pm_id"]?.cell { first += " on PM \(pm)" }
        if let policy = answer[path: "explanation.policy"]?.cell { first += ", policy \(policy)" }
        var lines = [first]
        if let waits = answer["waits_for"]?.string { lines.append("  waits: \(waits)") }
        if let code = answer["code"]?.string { lines.append("  \(code): \(cell("detail"))") }
        if let cause = answer["cause"]?.string { lines.append("  \(cause)") }
        if !cell("tried_pm_ids").isEmpty { lines.append("  PMs that failed it: \(cell("tried_pm_ids"))") }
        return lines
    }

    private func explainPM(_ session: Session) async throws {
        let pm = try await session.server.call(Endpoints.readPM, [subject]).value
        guard !session.format.isForPrograms else { return session.show(pm) }
        let isOpen = pm["state"]?.string == "up" && pm["cordoned"]?.flag != true
        var lines = ["PM \(pm["id"]?.cell ?? "") \(pm["address"]?.cell ?? ""): \(pm["state"]?.cell ?? "")"]
        if pm["cordoned"]?.flag == true { lines[0] += ", cordoned" }
        lines.append(isOpen ? "  it takes VMs" : "  it takes no VMs")
        if let reason = pm["reason"]?.string, !reason.isEmpty { lines.append("  reason: \(reason)") }
        for (worker, reason) in Self.members(pm["unreached_by"]) {
            lines.append("  not reached by \(worker): \(reason)")
        }
        if let missing = pm["missing"]?.cell, !missing.isEmpty {
            lines.append("  figures that are missing: \(missing)")
        }
        lines.append("  free: \(pm["free"]?.cell ?? "")")
        lines.append("  claimed: \(pm["claimed"]?.cell ?? "") by \(pm["vm_count"]?.cell ?? "0") VMs")
        if let capacity = pm["capacity"]?.cell { lines.append("  capacity: \(capacity)") }
        if let at = pm["checked_at"]?.cell { lines.append("  probed: \(at)") }
        session.terminal.write(lines.map { $0.printable + "\n" }.joined())
    }

    private static func members(_ value: JSONValue?) -> [(String, String)] {
        guard case .object(let members)? = value else { return [] }
        return members.sorted { $0.key < $1.key }.map { ($0.key, $0.value.cell) }
    }
}
