import ArgumentParser
import Bootstrap
import Foundation
import Model
import Placement
import Store

/// `hvc-worker replay`: runs a trace through policies, and compares what they make of it.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Runs a trace through policies on an empty fleet, and compares what they make of it.",
        discussion: """
            Nothing is placed and nothing is written. Prints for each policy how many VMs were placed and refused; of the PMs \
            at the end the share that is empty, the share of headroom that no VM of the trace's largest size can use \
            (fragmentation), and the standard deviation of the free share (imbalance).
            """
    )

    @Argument(help: "The trace, as hvc-worker trace writes it.")
    var file: String

    @Option(help: "The machines, as simulated:COUNT[,option=value…]; else those of the installation, emptied.")
    var on: String?

    @Option(
        help: ArgumentHelp(
            "A policy, with other weights if need be, as pack or spread:load=0.5; may be given more than once. All if none is.",
            valueName: "policy"
        )
    )
    var policy: [String] = []

    @Flag(help: "Prints the figures as JSON.")
    var json = false

    func run() async throws {
        try await Program.reportingFailures(as: "hvc-worker") {
            let trace = try Self.trace(path: file)
            let policies = try Self.policies(policy)
            let snapshot = try await machines()
            let reports = policies.map { (policy: $0, figures: replay(trace, on: snapshot, by: $0.policy())) }
            print(json ? try Self.json(reports) : Self.table(reports, machines: snapshot.count), terminator: "")
        }
    }

    private func machines() async throws(Failure) -> FleetSnapshot {
        if let on { return try Self.simulated(try SimulatedFleet(on)) }
        let known = try await ReplaySource.withStore { (store) async throws(Failure) in
            try await SharedFleetCache(store: store).fleet().machines
        }
        return FleetSnapshot(known.filter { $0.isListed && $0.measure != nil }.map(\.emptied))
    }

    private static func simulated(_ fleet: SimulatedFleet) throws(Failure) -> FleetSnapshot {
        var machines: [PhysicalMachine] = []
        for (index, listing) in try fleet.listings(overcommit: .none).enumerated() {
            guard let id = PMID(index + 1) else { continue }
            let pm = SimulatedPM(number: index + 1, options: fleet.options)
            let capacity = SimulatedChance(pm: pm).capacity
            machines.append(
                PhysicalMachine(
                    id: id,
                    listing: listing,
                    state: .up,
                    isProbed: true,
                    measure: PMMeasure(capacity: capacity, available: capacity)
                )
            )
        }
        return FleetSnapshot(machines)
    }

    private static func policies(_ texts: [String]) throws(Failure) -> [PolicyChoice] {
        var choices: [PolicyChoice] = []
        for text in texts { choices.append(try PolicyChoice.named(text)) }
        return choices.isEmpty ? PolicyChoice.names.map { PolicyChoice(name: $0) } : choices
    }

    /// A line that is no job's: a VM's claim was released.
    private struct Gone: Decodable {
        enum Kind: String, Decodable {
            case gone
        }

        let kind: Kind
        let vm: VMID
    }

    /// Reads a trace; starts of VMs that were there are of no account, nor is the build of what was held.
    private static func trace(path: String) throws(Failure) -> [TraceEvent] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw Failure(.invalidRequest, "\(path) cannot be read as text: write it with hvc-worker trace")
        }
        let decoder = JSONDecoder()
        var events: [TraceEvent] = []
        var known: Set<VMID> = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
        where !line.isEmpty {
            let line = Data(line.utf8)
            if let gone = try? decoder.decode(Gone.self, from: line) {
                events.append(.destroy(gone.vm))
                continue
            }
            guard let entry = try? decoder.decode(QueueEntry.self, from: line) else {
                throw Failure(.invalidRequest, "\(path):\(index + 1): this is no line of a trace")
            }
            switch OperationRegistry.shipped[entry.kind]?.claim {
            case .place:
                if known.insert(entry.vm).inserted { events.append(.create(PlacementRequest(entry))) }
            case .release: events.append(.destroy(entry.vm))
            // A replay places each VM once, as it was at first.
            case .none?, .secondPM, .resize: break
            case nil: throw Failure(.invalidRequest, "\(path):\(index + 1): no operation is called so")
            }
        }
        return events
    }

    private typealias Report = (policy: PolicyChoice, figures: ReplayReport)

    private static func table(_ reports: [Report], machines: Int) -> String {
        let width = reports.map { "\($0.policy)".count }.reduce(8, max)
        func padded(_ text: String) -> String { text.padding(toLength: width, withPad: " ", startingAt: 0) }
        var lines = [
            padded("policy") + "    placed   refused     empty  fragmentation  imbalance   (\(machines) PMs)"
        ]
        for (policy, figures) in reports {
            lines.append(
                padded("\(policy)")
                    + String(
                        format: "%10d%10d%9.1f%%%14.1f%%%11.3f",
                        figures.placed,
                        figures.refused,
                        figures.emptyShare * 100,
                        figures.fragmentation * 100,
                        figures.imbalance
                    )
            )
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private struct Row: Encodable {
        let policy: String
        let placed: Int
        let refused: Int
        let empty: Double
        let fragmentation: Double
        let imbalance: Double

        init(_ report: Report) {
            policy = "\(report.policy)"
            placed = report.figures.placed
            refused = report.figures.refused
            empty = report.figures.emptyShare
            fragmentation = report.figures.fragmentation
            imbalance = report.figures.imbalance
        }
    }

    private static func json(_ reports: [Report]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(reports.map(Row.init)), as: UTF8.self) + "\n"
    }
}

extension PhysicalMachine {
    /// The machine with nothing of ours on it, open to VMs.
    fileprivate var emptied: PhysicalMachine {
        var machine = self
        (machine.state, machine.isProbed, machine.isCordoned) = (.up, true, false)
        (machine.claimed, machine.vmCount, machine.lastUsed, machine.failures) = (.zero, 0, 0, 0)
        machine.groups = [:]
        machine.measure = measure.map {
            // As discovery has it where nothing runs: what may be promised is there.
            let all = listing.overcommit.applied(to: $0.capacity)
            return PMMeasure(capacity: $0.capacity, available: all, foreign: $0.foreign, load: $0.load)
        }
        return machine
    }
}
