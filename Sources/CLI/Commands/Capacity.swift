import API
import ArgumentParser

/// `hvctl capacity`: for how much there is room.
struct Capacity: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Counts how many more VMs of each type fit, now and with any one PM lost."
    )

    @OptionGroup var common: CommonOptions

    private static let columns: [Column] = [
        .field("type", "instance_type", number: true), .field("cpu", number: true), .field("ram_mib", number: true),
        .field("disk_gib", number: true), .field("fits", "fits_now", number: true),
        .field("fits_with_one_pm_lost", number: true), .field("worst_pm", "worst_pm_id", number: true),
        .field("homeless_vms", wide: true, number: true),
    ]

    func run(in session: Session) async throws {
        let answer = try await session.server.call(Endpoints.readCapacity).value
        guard !session.format.isForPrograms else { return session.show(answer) }
        try session.show(answer["types"]?.items ?? [], Self.columns)
    }
}

/// `hvctl refusals`: what got no place, and what would have helped.
struct Refusals: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Counts requests that got no place, and says what would have served most of them."
    )

    @OptionGroup var common: CommonOptions

    @Option(help: "Of how long, such as 30m, 24h or 7d.")
    var window: String?

    func run(in session: Session) async throws {
        let answer = try await session.server.call(Endpoints.readRefusals, query: [("window", window)]).value
        guard !session.format.isForPrograms else { return session.show(answer) }
        var lines = ["\(answer["refused"]?.cell ?? "0") refused since \(answer["since"]?.cell ?? "")"]
        for (name, title) in [("codes", "code"), ("lacking", "lacking")] {
            guard case .object(let counts)? = answer[name] else { continue }
            for (key, count) in counts.sorted(by: { ($1.value.integer ?? 0, $0.key) < ($0.value.integer ?? 0, $1.key) })
            {
                lines.append("  \(title) \(key): \(count.cell)")
            }
        }
        if let pm = answer["pm"] {
            lines.append(
                "  one more PM like PM \(pm["like_pm_id"]?.cell ?? "") would have served \(pm["serves"]?.cell ?? "")"
            )
        }
        if let overcommit = answer["overcommit"] {
            let setting = "overcommit_\(overcommit["resource"]?.cell ?? "")=\(overcommit["factor"]?.cell ?? "")"
            lines.append("  \(setting) would have served \(overcommit["serves"]?.cell ?? "")")
        }
        session.terminal.write(lines.map { $0.printable + "\n" }.joined())
    }
}
