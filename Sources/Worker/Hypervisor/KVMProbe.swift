import Foundation
import FoundationXML
import Libvirt
import Logging

/// Finds out whether guests really run under KVM on a PM, by letting a tiny one run.
///
/// What libvirt's capabilities say is not enough: where KVM is nested in another hypervisor, /dev/kvm may open and
/// libvirt offer it, and yet guests crawl or stop with an emulation fault. The guest is a boot sector that writes itself
/// to the disk's next sector and resets, which ends its domain; its mark on the disk is the proof that it ran.
struct KVMProbe {
    /// The architectures whose machines run the boot sector.
    static let architectures: Set<String> = ["x86_64", "i686"]
    private static let namePrefix = "hvc-probe-"
    /// Volumes of probes that are older than this belong to nobody.
    private static let oldAge: TimeInterval = 3600

    /// What the PM says of itself.
    let host: HostTraits
    /// How long the guest may take.
    let wait: Duration
    /// Told what could not be cleaned up.
    let logger: Logger

    /// Runs the guest and decides; leaves nothing behind; blocks.
    ///
    /// - Parameters:
    ///   - session: where to run it.
    ///   - pool: where its disk goes.
    ///   - domainType: the type to try.
    /// - Returns: the type if the guest ran, else `qemu`, with the reason.
    /// - Throws: `LibvirtError` where the probe itself could not be made, so nothing is known.
    func decide(in session: Session, pool: StoragePool, domainType: String = "kvm") throws -> DomainTypeDecision {
        try removeOldDisks(from: pool)
        let name = "\(Self.namePrefix)\(Int(Date().timeIntervalSince1970))-\(UInt32.random(in: .min ... .max))"
        let disk = try pool.createVolume(
            xml: VolumeDescription(name: "\(name).raw", format: "raw", capacity: BootSector.diskBytes).xml
        )
        defer { cleanUp("disk") { try disk.delete() } }
        try disk.upload(bytes: BootSector.bytes, cancellation: session.cancellation)
        let end: String
        do throws(LibvirtError) {
            end = try runGuest(
                description(name: name, disk: try disk.path(), domainType: domainType),
                in: session
            )
        } catch {
            // Neither a broken connection nor a caller that left says anything about KVM.
            guard !error.kind.isConnectionFault, error.kind != .cancelled else { throw error }
            return no("a guest cannot be run with \(domainType): \(error.message)")
        }
        guard try disk.download(offset: 512, length: 512) == BootSector.bytes else {
            return no("a guest started with \(domainType) does not run: \(end)")
        }
        return DomainTypeDecision(type: domainType, reason: "a guest was seen to run with it")
    }

    /// Starts the guest, waits for its end and says what was seen of it.
    private func runGuest(_ description: String, in session: Session) throws(LibvirtError) -> String {
        let domain = try session.startTransientDomain(xml: description, endsWithConnection: true)
        defer { cleanUp("domain") { try endUnlessGone(domain) } }
        return try waitForEnd(of: domain, while: session)
    }

    private func no(_ reason: String) -> DomainTypeDecision {
        DomainTypeDecision(type: "qemu", reason: reason)
    }

    /// Waits until the guest reset itself, or it is clear that it will not; says what was seen.
    private func waitForEnd(of domain: Domain, while session: Session) throws(LibvirtError) -> String {
        let deadline = ContinuousClock.now + wait
        while ContinuousClock.now < deadline {
            try session.cancellation.check()
            do throws(LibvirtError) {
                let (state, reason) = try domain.state()
                switch state {
                case .paused: return "it was paused with reason \(reason), most likely an emulation fault"
                case .shutOff, .crashed: return "it ended without its mark"
                default: Thread.sleep(forTimeInterval: 0.1)
                }
            } catch {
                guard error.kind == .noSuchDomain else { throw error }
                return "it ended without its mark"
            }
        }
        return "it did nothing for \(wait)"
    }

    private func endUnlessGone(_ domain: Domain) throws(LibvirtError) {
        do {
            try domain.destroy()
        } catch  where error.kind == .noSuchDomain || error.kind == .operationInvalid {
            // It ended by itself.
        }
    }

    /// Removes what the probe of a worker that was killed left; its name tells its age.
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

    private func description(name: String, disk: String, domainType: String) -> String {
        let type = XMLElement("type", ["arch": host.architecture], text: "hvm")
        let identity: [XMLElement?] = [
            XMLElement("name", text: name),
            XMLElement("memory", ["unit": "MiB"], text: "32"),
            XMLElement("vcpu", text: "1"),
            XMLElement("os", children: [type]),
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
