import Foundation
import Libvirt
import Logging
import Model
import NIOConcurrencyHelpers
import XML

extension LibvirtHypervisor {
    /// Every domain on the PM; those that went away since they were listed are left out.
    ///
    /// One call reads the state of all. Each is read itself only when it is new or may have changed, and now and then.
    func domains(in session: Session) throws(LibvirtError) -> [DomainSummary] {
        let listed = try session.domainStates()
        let sizes = try sizesOfInactive(listed, in: session)
        var current: [UUID: (status: DomainStatus, stamp: KnownContents.DomainStamp)] = [:]
        for status in listed {
            let domain = status.domain
            let stamp = KnownContents.DomainStamp(name: try domain.name(), run: domain.runNumber)
            current[try domain.uuid()] = (status, stamp)
        }
        for uuid in known.withLockedValue({ $0.domains.beginRound(current.mapValues(\.stamp)) }) {
            guard let (status, stamp) = current[uuid] else { continue }
            let reading = try reading(of: status.domain, uuid)
            known.withLockedValue { known in
                if let reading {
                    known.domains.keep(reading, of: uuid, stamp: stamp)
                } else {
                    known.domains.forget(uuid)
                }
            }
        }
        return known.withLockedValue { known in
            current.compactMap { uuid, item in
                known.domains[uuid].map { reading in
                    summary(of: item.status, uuid, item.stamp, reading, size: sizes[uuid])
                }
            }
        }
    }

    /// CPUs and memory of the domains that do not run, which people change without any event.
    private func sizesOfInactive(
        _ listed: [DomainStatus],
        in session: Session
    ) throws(LibvirtError) -> [UUID: DomainStatus.Size] {
        guard listed.contains(where: { $0.domain.runNumber == nil }) else { return [:] }
        var sizes: [UUID: DomainStatus.Size] = [:]
        do {
            for status in try session.inactiveDomains() { sizes[try status.domain.uuid()] = status.size }
        } catch  where error.kind == .unsupported || error.kind == .invalidArgument {
            // What was read of each has to do.
        }
        return sizes
    }

    /// Reads one domain; nil where it went away since it was listed.
    private func reading(of domain: Domain, _ uuid: UUID) throws(LibvirtError) -> KnownContents.DomainReading? {
        do throws(LibvirtError) {
            let info = try domain.info()
            let text = try domain.metadata(namespace: VirtualMachine.metadataNamespace)
            let record = text.flatMap(VirtualMachine.read(metadata:))
            if text != nil && record == nil { warnOfRecord(in: try domain.name(), uuid) }
            // A copy of one of our domains carries the record of another: it is not ours.
            let isOurs = record?.vm.uuid == uuid
            var macs = record?.vm.macs ?? []
            // Its record is of before there were such addresses.
            if isOurs, macs.isEmpty { macs = Self.macs(in: try domain.xml()) }
            return KnownContents.DomainReading(
                cpus: info.cpus,
                memoryMiB: info.maximumMemoryKiB / 1024,
                record: isOurs ? record?.vm : nil,
                cell: isOurs ? record?.cell : nil,
                macs: isOurs ? macs : []
            )
        } catch  where error.kind == .noSuchDomain {
            return nil
        }
    }

    private static func macs(in xml: String) -> [MACAddress] {
        let devices = XMLElement.root(of: xml)?.child("devices")?.children("interface") ?? []
        return devices.compactMap { $0.child("mac")?[attribute: "address"].flatMap { MACAddress($0) } }
    }

    private func summary(
        of status: DomainStatus,
        _ uuid: UUID,
        _ stamp: KnownContents.DomainStamp,
        _ reading: KnownContents.DomainReading,
        size: DomainStatus.Size?
    ) -> DomainSummary {
        let (state, reason) = reading.record == nil ? (nil, nil) : status.state.standing(because: status.reason)
        return DomainSummary(
            uuid: uuid.uuidString.lowercased(),
            name: stamp.name,
            isActive: stamp.run != nil,
            cpu: size?.cpus ?? reading.cpus,
            ramMiB: size.map { $0.maximumMemoryKiB / 1024 } ?? reading.memoryMiB,
            record: reading.record,
            cell: reading.cell,
            macs: reading.record.map { networks(of: $0).isEmpty ? [] : reading.macs },
            state: state,
            stateReason: reason
        )
    }

    /// Warns once that a domain carries a record of our kind that is not to be taken.
    private func warnOfRecord(in name: String, _ uuid: UUID) {
        let isKnown = refusedRecords.withLockedValue { known in
            if known.count > 1000 { known.removeAll() }
            return !known.insert(uuid).inserted
        }
        guard !isKnown else { return }
        logger.warning(
            """
            a domain carries a record of ours that cannot be taken, and counts as foreign: something in it is missing, or a \
            number is above \(VMID.highestAdopted) or an amount above what a type may have
            """,
            metadata: ["domain": "\(name)", "uuid": "\(uuid)"]
        )
    }
}

extension DomainState {
    /// What a VM does whose domain is in this state, and why.
    ///
    /// - Parameter number: libvirt's number for the reason.
    /// - Returns: the VM's state; nil where libvirt does not say. The reason is in the words of `virsh domstate --reason`.
    func standing(because number: Int) -> (state: VMState?, reason: String?) {
        let words = words(forReason: number)
        switch self {
        case .running, .blocked, .shuttingDown: return (.running, nil)
        case .suspended: return (.paused, "suspended by the guest")
        case .paused:
            // libvirt holds a guest's CPUs for a moment while it starts or ends: nobody has paused it.
            if Self.transientPauses.contains(number) { return (.running, nil) }
            return (words == "crashed" ? .crashed : .paused, words)
        case .shutOff: return (words == "crashed" ? .crashed : .stopped, words)
        case .crashed: return (.crashed, words)
        case .unknown: return (nil, nil)
        }
    }
}
