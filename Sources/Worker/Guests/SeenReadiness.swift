import Model
import Store

/// What a worker has seen of how far a guest has come in one run.
struct SeenReadiness: Sendable {
    /// When the run began, in ms since 1970 by the clock of Redis; nil where the record does not say.
    let run: Int?
    /// Whether the guest has a seed disk, and so something for its cloud-init to do.
    let hasSeed: Bool
    /// When this worker saw it first.
    let since: ContinuousClock.Instant
    var log = CloudInitLog()
    var banner: String?
    var system: GuestSystem?
    /// Why nothing will be known of cloud-init.
    var silence: String?
    /// Whether its agent was asked for the system, or need not be.
    var isSystemAsked = false
    /// What was written last.
    var written: ReadinessFinding?

    init(_ status: VMStatus, at now: ContinuousClock.Instant) {
        (run, hasSeed, since) = (status.startedAt, status.vm.seed != nil, now)
        // What another worker has seen, or this one before it was started again.
        banner = status.currentReadiness.banner
        ended = status.currentReadiness.cloudInit.flatMap { [.done, .error].contains($0.state) ? $0 : nil }
        isSystemAsked = status.currentReadiness.system != nil
    }

    /// What was known of cloud-init's end before.
    private let ended: CloudInit?

    /// What cloud-init has come to; nil where nothing is known of it.
    var cloudInit: CloudInit? {
        guard hasSeed else { return nil }
        return ended ?? log.state ?? silence.map { CloudInit(.unknown, error: $0) }
    }

    /// Whether its console need not be read any more.
    var isCloudInitOver: Bool { !hasSeed || cloudInit.map { $0.state != .running } ?? false }

    /// Whether nothing more will be found.
    var isOver: Bool { banner != nil && isCloudInitOver && isSystemAsked }

    /// Whether its agent may be asked for the system: before it is ready, none answers.
    func mayAskSystem(at now: ContinuousClock.Instant) -> Bool {
        guard !isSystemAsked, banner != nil else { return false }
        // An image without cloud-init never says that it has ended.
        return isCloudInitOver || now - since >= GuestSchedule.reasonAge
    }

    /// Whether something may still be found at probes.
    func isPending(at now: ContinuousClock.Instant) -> Bool {
        !(banner != nil && isCloudInitOver) && now - since < GuestSchedule.longestBoot
    }

    /// Takes in what the PM has seen.
    ///
    /// - Parameters:
    ///   - signs: what it has seen.
    ///   - vm: the guest.
    ///   - age: the age of the run, in seconds.
    mutating func read(_ signs: GuestSigns, of vm: VMID, age: Int) {
        if let banner = signs.banners[vm] { self.banner = banner }
        switch signs.consoles[vm] {
        // Times are in whole seconds, and of the record a little later than the start.
        case .read(let length, let lines): log.read(lines, length: length, since: (signs.time ?? 0) - age - 2)
        case .unreadable:
            silence =
                "what it says on its console cannot be read by the user of this PM's ssh: give it the right to read the log"
        case .missing, nil: break
        }
    }

    /// What is to be written; nil where nothing is known.
    func finding(of vm: VirtualMachine) -> ReadinessFinding? {
        let finding = ReadinessFinding(
            vm: vm.id,
            uuid: vm.uuid,
            run: run,
            banner: banner,
            cloudInit: cloudInit,
            system: system
        )
        return finding == ReadinessFinding(vm: vm.id, uuid: vm.uuid, run: run) ? nil : finding
    }
}
