import Bootstrap
import Foundation
import Model
import Placement
import Store

/// The settings of a worker, read from its environment.
struct WorkerSettings: Sendable {
    /// The three files that say what there is; empty for one that is not given.
    struct Files: Sendable {
        var pm: String
        var image: String
        var flavor: String
        /// The networks that requests may name.
        var networks = ""
        /// The PMs that stand in place of the pm_file; nil for none.
        var fleet: SimulatedFleet?

        /// True where none is given.
        var isEmpty: Bool { pm.isEmpty && image.isEmpty && flavor.isEmpty && networks.isEmpty && fleet == nil }

        /// Checks that the PMs are given in one way only.
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
    let probeTimeout: Duration
    let grace: Duration
    let jobRetention: JobRetention
    let auditLimit: Int
    let overcommit: Overcommit
    let imageRoots: [String]
    let imageCache: ImageCache
    let cell: String
    let startsAgain: Bool
    /// What is odd about the environment, and stops nothing.
    let warnings: [String]
    let network: String
    let webhooks: WebhookSettings

    /// A measurement may be this old plus ten periods; then its PM is probed before it is used again.
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
    private static let networksFileSetting = Setting<String>.text(
        "HVC_NETWORKS_FILE",
        kind: "a path",
        meaning: "The networks that requests may name: one a line, or a dictionary."
    )
    private static let slotsSetting = Setting<Int>.number(
        "HVC_SLOTS",
        in: 1...1024,
        fallback: 8,
        meaning: "How many jobs the worker has under way at once."
    )
    private static let policySetting = Setting<String>.choice(
        "HVC_POLICY",
        of: PolicyChoice.names,
        fallback: PlacementPolicy.seed.name,
        meaning: "How machines are chosen; the same for all workers."
    )
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
        fallback: 5,
        meaning: "After how long without a sign of life a worker's jobs go to another; the same for all workers."
    )
    private static let discoverySetting = Setting<Duration>.seconds(
        "HVC_DISCOVERY_PERIOD",
        in: 0.1...86_400,
        fallback: 30,
        meaning:
            "How often each physical machine is probed; one that does not answer up to eight times less often."
    )
    private static let probeTimeoutSetting = Setting<Duration>.seconds(
        "HVC_PROBE_TIMEOUT",
        in: 1...600,
        fallback: 10,
        meaning:
            "How long a physical machine may take to let the worker in over ssh and to answer a probe; connecting to its "
            + "libvirt may take as long, and 30 s at least."
    )
    private static let auditLimitSetting = Setting<Int>.number(
        "HVC_AUDIT_LIMIT",
        in: 100...150_000,
        fallback: 100_000,
        meaning: "How many entries the log of who changed what keeps; the same for all workers."
    )
    private static let graceSetting = Setting<Duration>.seconds(
        "HVC_GRACE",
        in: 0...3600,
        fallback: 25,
        meaning: "How long jobs under way may go on after SIGTERM before they go back to the queue."
    )
    private static let overcommitCPUSetting = overcommitSetting("CPU", of: "CPUs")
    private static let overcommitRAMSetting = overcommitSetting("RAM", of: "memory")
    private static let overcommitDiskSetting = overcommitSetting("DISK", of: "disk")
    private static let imageRootsSetting = Setting<[String]>(
        SettingDescription(
            "HVC_IMAGE_ROOTS",
            kind: "full paths with `:` between them",
            fallback: "",
            meaning:
                "The folders in which images may lie, and where relative names are looked up; where none is given, any."
        ),
        fallback: []
    ) { text in
        let folders = text.split(separator: ":").map(String.init)
        // None at all would open every folder.
        return folders.isEmpty || folders.contains { !$0.hasPrefix("/") } ? nil : folders
    }
    private static let imageCacheSetting = Setting<String>(
        SettingDescription(
            "HVC_IMAGE_CACHE",
            kind: "a full path",
            fallback: "~/.cache/hvc-images",
            meaning: "Where images that lie on other machines are kept; of the worker's user alone."
        ),
        fallback: NSHomeDirectory() + "/.cache/hvc-images"
    ) { text in text.hasPrefix("/") ? text : nil }
    private static let imageCacheSizeSetting = Setting<Int>.number(
        "HVC_IMAGE_CACHE_GIB",
        in: 1...1_000_000,
        fallback: 50,
        meaning: "How much these may take, in GiB; what is used least goes first."
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
    private static let networkSetting = Setting<String>(
        SettingDescription(
            "HVC_NETWORK",
            kind: "the name of a libvirt network, or `none`",
            fallback: "default",
            meaning:
                "The network to which VMs are attached where the pm_file does not say; `none` for no network device; the "
                + "same for all workers."
        ),
        fallback: "default"
    ) { text in PMListing.isLibvirtName(text) ? text : nil }
    private static let autostartSetting = Setting<Switch>.choice(
        "HVC_AUTOSTART",
        fallback: .off,
        meaning: "Whether VMs that are found switched off or crashed are started again; the same for all workers."
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
            networksFileSetting.about,
            slotsSetting.about, policySetting.about, weightsSetting.about, leaseSetting.about, discoverySetting.about,
            probeTimeoutSetting.about,
            graceSetting.about, auditLimitSetting.about,
            overcommitCPUSetting.about, overcommitRAMSetting.about, overcommitDiskSetting.about,
            imageRootsSetting.about, imageCacheSetting.about, imageCacheSizeSetting.about, cellSetting.about,
            autostartSetting.about, networkSetting.about,
        ] + WebhookSettings.descriptions + JobRetention.descriptions + CommonSettings.descriptions
    }

    /// Reads the settings.
    ///
    /// - Parameter environment: the variables.
    /// - Throws: `InvalidInput` with all that is wrong with them.
    init(environment: [String: String]) throws(InvalidInput) {
        var reader = SettingsReader(environment: environment)
        self.init(from: &reader)
        try reader.finish()
    }

    /// Reads the settings.
    ///
    /// - Parameter reader: where they stand; it keeps what is wrong with them.
    init(from reader: inout SettingsReader) {
        common = CommonSettings(from: &reader)
        name = reader.value(Self.nameSetting)
        files = Files(
            pm: reader.value(Self.pmFileSetting),
            image: reader.value(Self.imageFileSetting),
            flavor: reader.value(Self.flavorFileSetting)
        )
        files.networks = reader.value(Self.networksFileSetting)
        let fleet = reader.value(Self.fleetSetting)
        if !fleet.isEmpty { files.fleet = reader.attempt { () throws(Failure) in try SimulatedFleet(fleet) } }
        slots = reader.value(Self.slotsSetting)
        lease = reader.value(Self.leaseSetting)
        discoveryPeriod = reader.value(Self.discoverySetting)
        probeTimeout = reader.value(Self.probeTimeoutSetting)
        policy = PolicyRecord(
            PolicyChoice(name: reader.value(Self.policySetting), weights: reader.value(Self.weightsSetting)),
            oldest: Int(max(Self.oldestMeasure, discoveryPeriod * 10).components.seconds) * 1000
        )
        grace = reader.value(Self.graceSetting)
        jobRetention = JobRetention(from: &reader)
        auditLimit = reader.value(Self.auditLimitSetting)
        overcommit = Overcommit(
            cpu: reader.value(Self.overcommitCPUSetting),
            ram: reader.value(Self.overcommitRAMSetting),
            disk: reader.value(Self.overcommitDiskSetting)
        )
        imageCache = ImageCache(
            folder: reader.value(Self.imageCacheSetting),
            limit: Int64(reader.value(Self.imageCacheSizeSetting)) << 30
        )
        imageRoots = reader.value(Self.imageRootsSetting)
        cell = reader.value(Self.cellSetting)
        startsAgain = reader.value(Self.autostartSetting) == .on
        network = reader.value(Self.networkSetting)
        webhooks = WebhookSettings(from: &reader, allowsHTTP: common.allowsWebhooksOverHTTP)
        warnings =
            SettingNames.warnings(for: reader.environment, own: Self.descriptions)
            + Self.descriptions.secretWarnings(in: reader.environment)
    }
}
