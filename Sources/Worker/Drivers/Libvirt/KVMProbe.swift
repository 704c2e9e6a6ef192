import Foundation
import Libvirt
import Logging
import XML

/// Finds out whether guests really run under KVM on a PM, by letting a tiny one run.
///
/// What libvirt's capabilities say is not enough: where KVM is nested in another hypervisor, /dev/kvm may open and
/// libvirt offer it, and yet guests stop with an emulation fault or crawl, slower than emulated ones. The guest is a boot
/// sector that writes itself to the disk's next sector and resets, which ends its domain; its mark on the disk is the
/// proof that it ran. It runs emulated first, which shows how long it may take.
struct KVMProbe {
    /// The architectures whose machines run the boot sector.
    static let architectures: Set<String> = ["x86_64", "i686"]
    static let namePrefix = "hvc-probe-"
    /// Volumes of probes that are older than this belong to nobody.
    private static let oldAge: TimeInterval = 3600

    /// What the PM says of itself.
    let host: HostTraits
    /// How long each guest may take.
    let wait: Duration
    /// Receives what could not be cleaned up.
    let logger: Logger

    /// What was seen of a guest.
    enum Run: Hashable, Sendable {
        /// It did its work, this long after its start.
        case ran(Duration)
        /// It did not, and how that showed.
        case failed(String)
    }

    /// Runs the guest emulated and under KVM, and decides; leaves nothing behind; blocks.
    ///
    /// - Parameters:
    ///   - session: where to run it.
    ///   - pool: where its disk goes.
    /// - Returns: `kvm` if the guest ran, and not much slower than emulated; else `qemu`; with the reason.
    /// - Throws: `LibvirtError` where the probe itself could not be made, so nothing is known.
    func decide(in session: Session, pool: StoragePool) throws -> DomainTypeDecision {
        try removeOldDisks(from: pool)
        var limit = wait
        let emulated = try run("qemu", in: session, pool: pool, within: wait)
        // Real KVM is about as fast here, since most of the time goes to starting QEMU's devices.
        if case .ran(let time) = emulated { limit = min(wait, max(time * 4, .seconds(1))) }
        switch try run("kvm", in: session, pool: pool, within: limit) {
        case .ran(let time) where time <= limit:
            return DomainTypeDecision(type: "kvm", reason: "a guest was seen to run with it")
        case .ran(let time):
            return DomainTypeDecision(type: "qemu", reason: "a guest crawls with kvm: \(time) where \(limit) is fine")
        case .failed(let reason):
            return DomainTypeDecision(type: "qemu", reason: reason)
        }
    }

    /// Runs the guest once; leaves nothing behind; blocks.
    ///
    /// - Parameters:
    ///   - domainType: the type to try.
    ///   - session: where to run it.
    ///   - pool: where its disk goes.
    ///   - limit: how long to wait for its end.
    /// - Returns: what was seen.
    /// - Throws: `LibvirtError` where nothing is known, since the disk could not be made or the connection broke.
    func run(_ domainType: String, in session: Session, pool: StoragePool, within limit: Duration) throws -> Run {
        let name = "\(Self.namePrefix)\(Int(Date().timeIntervalSince1970))-\(UInt32.random(in: .min ... .max))"
        let disk = try pool.createVolume(
            xml: VolumeDescription(name: "\(name).raw", format: "raw", capacity: BootSector.diskBytes).xml
        )
        defer { cleanUp("disk") { try disk.delete() } }
        try disk.upload(bytes: BootSector.bytes, cancellation: session.cancellation)
        do throws(LibvirtError) {
            let traits = try DomainTraits(of: domainType, on: host, asking: session)
            let description = description(name: name, disk: try disk.path(), domainType: domainType, traits: traits)
            let domain = try session.startTransientDomain(xml: description, endsWithConnection: true)
            defer { cleanUp("domain") { try endUnlessGone(domain) } }
            let start = ContinuousClock.now
            let end = try waitForEnd(of: domain, while: session, limit: limit)
            let time = ContinuousClock.now - start
            let mark = try disk.download(offset: 512, length: 512)
            return mark == BootSector.bytes ? .ran(time) : .failed("a guest does not run with \(domainType): \(end)")
        } catch {
            // Neither a broken connection nor a caller that left says anything about the type.
            guard !error.kind.isConnectionFault, error.kind != .cancelled, error.kind != .deadline else { throw error }
            return .failed("a guest cannot be run with \(domainType): \(error.message)")
        }
    }

    /// Waits until the guest reset itself, or it is clear that it will not; says what was seen.
    private func waitForEnd(
        of domain: Domain,
        while session: Session,
        limit: Duration
    ) throws(LibvirtError) -> String {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            try session.cancellation.check()
            do throws(LibvirtError) {
                let (state, reason) = try domain.state()
                switch state {
                case .paused: return "it was paused with reason \(reason), most likely an emulation fault"
                case .shutOff, .crashed: return "it ended without its mark"
                default: Thread.sleep(forTimeInterval: 0.02)
                }
            } catch {
                guard error.kind == .noSuchDomain else { throw error }
                return "it ended without its mark"
            }
        }
        return "it did not end within \(limit)"
    }

    private func endUnlessGone(_ domain: Domain) throws(LibvirtError) {
        do {
            try domain.destroy()
        } catch  where error.kind == .noSuchDomain || error.kind == .operationInvalid {
            // It ended by itself.
        }
    }

    /// Removes what the probe of a worker that was killed left; its name contains its age.
    private func removeOldDisks(from pool: StoragePool) throws(LibvirtError) {
        for volume in try pool.volumes() {
            let name = try volume.name()
            guard name.hasPrefix(Self.namePrefix),
                let made = TimeInterval(name.dropFirst(Self.namePrefix.count).prefix { $0 != "-" }),
                made + Self.oldAge < Date().timeIntervalSince1970
            else { continue }
            cleanUp("old disk") { try volume.delete() }
        }
    }

    private func cleanUp(_ what: String, _ body: () throws -> Void) {
        do {
            try body()
        } catch {
            logger.warning("the probe's \(what) stays", metadata: ["error": "\(error)"])
        }
    }

    private func description(name: String, disk: String, domainType: String, traits: DomainTraits) -> String {
        let type = XMLElement("type", ["arch": host.architecture], text: "hvm")
        let identity: [XMLElement?] = [
            XMLElement("name", text: name),
            XMLElement("memory", ["unit": "MiB"], text: "32"),
            XMLElement("vcpu", text: "1"),
            XMLElement("os", children: [type]),
            // The same as VMs get: some hosts run guests with QEMU's own model only.
            traits.cpu(for: domainType),
        ]
        let reactions: [XMLElement?] = ["on_poweroff", "on_reboot", "on_crash"].map { XMLElement($0, text: "destroy") }
        let device = XMLElement(
            "disk",
            ["type": "file", "device": "disk"],
            children: [
                XMLElement("driver", ["name": "qemu", "type": "raw"]),
                XMLElement("source", ["file": disk]),
                XMLElement("target", ["dev": "vda", "bus": "virtio"]),
            ]
        )
        let devices = XMLElement("devices", children: [device, XMLElement("memballoon", ["model": "none"])])
        return XMLElement("domain", ["type": domainType], children: identity + reactions + [devices]).xmlString
    }
}
