import Bootstrap
import Foundation
import Model
import Placement
import Store

/// What a worker is told by its environment.
struct WorkerSettings: Sendable {
    /// The three files that say what there is; empty for one that is not given.
    struct Files: Sendable {
        var pm: String
        var image: String
        var flavor: String
        /// The PMs that stand in place of the pm_file; nil for none.
        var fleet: SimulatedFleet?

        /// True where none is given.
        var isEmpty: Bool { pm.isEmpty && image.isEmpty && flavor.isEmpty && fleet == nil }

        /// Sees that the PMs are told in one way only.
        ///
        /// - Throws: `Failure` with `invalidRequest`.
        func check() throws(Failure) {
            guard fleet != nil, !pm.isEmpty else { return }
            throw Failure(.invalidRequest, "both a pm_file and a fleet are given: leave out HVC_PM_FILE or HVC_FLEET")
        }
    }

    let common: CommonSettings
    let name: String
    var files: Files
    let slots: Int
    let policy: PolicyRecord
    let lease: Duration
    let discoveryPeriod: Duration
    let grace: Duration
    let jobHistory: Int
    let overcommit: Overcommit
    let imageRoots: [String]
    let cell: String
    let startsAgain: Bool

    /// A measure may be so old, and ten periods; then its PM is looked at before it is used again.
    private static let oldestMeasure = Duration.seconds(600)

    private static let nameSetting = Setting<String>(
        SettingDescription(
            "HVC_WORKER_NAME",
            kind: "1 to 64 letters, digits, `.`, `_` or `-`",
            fallback: "HOST-PID",
            meaning: "The worker's name in the log and in Redis; no two that run may share one."
        ),
        fallback: "\(ProcessInfo.processInfo.hostName)-\(ProcessInfo.processInfo.processIdentifier)",
        parse: plainName
    )
    private static let pmFileSetting = Setting<String>.text(
        "HVC_PM_FILE",
        kind: "a path",
        meaning: "The physical machines: an address a line, or a dictionary."
    )
    private static let fleetSetting = Setting<String>.text(
        "HVC_FLEET",
        kind: "`simulated:COUNT[,option=value…]`",
        meaning: "Simulated physical machines in place of HVC_PM_FILE."
    )
    private static let imageFileSetting = Setting<String>.text(
        "HVC_IMAGE_FILE",
        kind: "a path",
        meaning: "The images: a path a line, or a dictionary."
    )
    private static let flavorFileSetting = Setting<String>.text(
        "HVC_FLAVOR_FILE",
        kind: "a path",
        meaning: "The types: a dictionary of cpu, ram in MiB and disk in GiB."
    )
    private static let slotsSetting = Setting<Int>.number(
        "HVC_SLOTS",
        in: 1...1024,
        fallback: 8,
        meaning: "How many jobs the worker has under way at once."
    )
    private static let policySetting = Setting<String>(
        SettingDescription(
            "HVC_POLICY",
            kind: "one of " + PolicyChoice.names.joined(separator: ", "),
            fallback: PlacementPolicy.seed.name,
            meaning: "How machines are chosen; the same for all workers."
        ),
        fallback: PlacementPolicy.seed.name
    ) { text in PolicyChoice.names.contains(text) ? text : nil }
    private static let weightsSetting = Setting<[String: Double]>(
        SettingDescription(
            "HVC_POLICY_WEIGHTS",
            kind: "`NAME=FACTOR,…` from -1000 to 1000, of "
                + PlacementPolicy.weighers.map(\.name).joined(separator: ", "),
            fallback: "",
            meaning:
                "By how much weighers count in the policy's main tier, where other than it says; 0 takes one out of that."
        ),
        fallback: [:],
        parse: PolicyChoice.weights
    )
    private static let leaseSetting = Setting<Duration>.seconds(
        "HVC_LEASE",
        in: 1...3600,
        fallback: 15,
        meaning: "After how long without a sign of life a worker's jobs go to another; the same for all workers."
    )
    private static let discoverySetting = Setting<Duration>.seconds(
        "HVC_DISCOVERY_PERIOD",
        in: 0.1...86_400,
        fallback: 30,
        meaning: "How often each physical machine is looked at."
    )
    private static let graceSetting = Setting<Duration>.seconds(
        "HVC_GRACE",
        in: 0...3600,
        fallback: 25,
        meaning: "How long jobs under way may go on after SIGTERM before they go back to the queue."
    )
    private static let historySetting = Setting<Int>.number(
        "HVC_JOB_HISTORY",
        in: 100...10_000_000,
        fallback: JobRetention.defaultCount,
        meaning: "Records of how many ended jobs are kept, for a week at most; the same for all workers."
    )
    private static let overcommitCPUSetting = overcommitSetting("CPU", of: "CPUs")
    private static let overcommitRAMSetting = overcommitSetting("RAM", of: "memory")
    private static let overcommitDiskSetting = overcommitSetting("DISK", of: "disk")
    private static let imageRootsSetting = Setting<String>.text(
        "HVC_IMAGE_ROOTS",
        kind: "full paths with `:` between them",
        meaning: "The folders in which images may lie; where none is given, any."
    )

    private static let cellSetting = Setting<String>(
        SettingDescription(
            "HVC_CELL",
            kind: "1 to 64 letters, digits, `.`, `_` or `-`",
            fallback: VirtualMachine.defaultCell,
            meaning:
                "The installation's name in its domains' metadata, by which it knows them when Redis has lost their "
                + "records; the same for all workers, and another one where two installations share a machine."
        ),
        fallback: VirtualMachine.defaultCell,
        parse: plainName
    )
    private static let autostartSetting = Setting<Switch>.choice(
        "HVC_AUTOSTART",
        fallback: .off,
        meaning: "Whether VMs that are found switched off are started again; the same for all workers."
    )

    private enum Switch: String, CaseIterable, Sendable {
        case on
        case off
    }

    private static func plainName(_ text: String) -> String? {
        let isPlain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        return isPlain && (1...64).contains(text.utf8.count) ? text : nil
    }

    private static func overcommitSetting(_ resource: String, of what: String) -> Setting<Double> {
        .ratio(
            "HVC_OVERCOMMIT_\(resource)",
            in: 0.1...100,
            fallback: 1,
            meaning: "How many times over a machine's \(what) may be promised, where the PM file does not say."
        )
    }

    /// The settings, for `--help` and the docs.
    static var descriptions: [SettingDescription] {
        [
            nameSetting.about, pmFileSetting.about, fleetSetting.about, imageFileSetting.about, flavorFileSetting.about,
            slotsSetting.about, policySetting.about, weightsSetting.about, leaseSetting.about, discoverySetting.about,
            graceSetting.about, historySetting.about,
            overcommitCPUSetting.about, overcommitRAMSetting.about, overcommitDiskSetting.about,
            imageRootsSetting.about, cellSetting.about, autostartSetting.about,
        ] + CommonSettings.descriptions
    }

    init(environment: [String: String]) throws(Failure) {
        common = try CommonSettings(environment: environment)
        name = try Self.nameSetting.value(in: environment)
        files = Files(
            pm: try Self.pmFileSetting.value(in: environment),
            image: try Self.imageFileSetting.value(in: environment),
            flavor: try Self.flavorFileSetting.value(in: environment)
        )
        let fleet = try Self.fleetSetting.value(in: environment)
        if !fleet.isEmpty { files.fleet = try SimulatedFleet(fleet) }
        slots = try Self.slotsSetting.value(in: environment)
        lease = try Self.leaseSetting.value(in: environment)
        discoveryPeriod = try Self.discoverySetting.value(in: environment)
        policy = PolicyRecord(
            PolicyChoice(
                name: try Self.policySetting.value(in: environment),
                weights: try Self.weightsSetting.value(in: environment)
            ),
            oldest: Int(max(Self.oldestMeasure, discoveryPeriod * 10).components.seconds) * 1000
        )
        grace = try Self.graceSetting.value(in: environment)
        jobHistory = try Self.historySetting.value(in: environment)
        overcommit = Overcommit(
            cpu: try Self.overcommitCPUSetting.value(in: environment),
            ram: try Self.overcommitRAMSetting.value(in: environment),
            disk: try Self.overcommitDiskSetting.value(in: environment)
        )
        imageRoots = try Self.imageRootsSetting.value(in: environment).split(separator: ":").map(String.init)
        cell = try Self.cellSetting.value(in: environment)
        startsAgain = try Self.autostartSetting.value(in: environment) == .on
    }
}
