import CLibvirt
import Foundation

/// One domain of many that were asked for at once.
package struct DomainStatus {
    /// The domain; its name, UUID and number are known without a further call.
    package let domain: Domain
    /// What it does.
    package let state: DomainState
    /// libvirt's number for the reason.
    package let reason: Int
    /// Virtual CPUs and memory; nil where they were not asked for, or the driver does not report them.
    package let size: Size?

    /// What a domain may use.
    package struct Size: Hashable, Sendable {
        /// Virtual CPUs.
        package let cpus: Int
        /// The most memory it may use, in KiB.
        package let maximumMemoryKiB: Int
    }
}

extension Session {
    /// The state of every domain of the machine, in one call (`virConnectGetAllDomainStats`).
    ///
    /// The state alone is libvirt's own knowledge. CPUs and memory of domains that run would be asked of QEMU, which may
    /// hang and never answer. Drivers that cannot answer for all at once are asked for each.
    ///
    /// - Throws: `LibvirtError`.
    package func domainStates() throws(LibvirtError) -> [DomainStatus] {
        do {
            return try domainStats(VIR_DOMAIN_STATS_STATE.rawValue)
        } catch {
            guard error.kind == .unsupported else { throw error }
        }
        var found: [DomainStatus] = []
        for domain in try domains() {
            do throws(LibvirtError) {
                let (state, reason) = try domain.state()
                found.append(DomainStatus(domain: domain, state: state, reason: reason, size: nil))
            } catch {
                // It may have been undefined since it was listed.
                guard error.kind == .noSuchDomain else { throw error }
            }
        }
        return found
    }

    /// The state and the size of every domain that does not run, in one call (`virConnectGetAllDomainStats`).
    ///
    /// - Throws: `LibvirtError`, of kind `unsupported` for drivers without it.
    package func inactiveDomains() throws(LibvirtError) -> [DomainStatus] {
        try domainStats(
            VIR_DOMAIN_STATS_STATE.rawValue | VIR_DOMAIN_STATS_VCPU.rawValue | VIR_DOMAIN_STATS_BALLOON.rawValue,
            flags: VIR_CONNECT_GET_ALL_DOMAINS_STATS_INACTIVE.rawValue
        )
    }

    private func domainStats(_ kinds: UInt32, flags: UInt32 = 0) throws(LibvirtError) -> [DomainStatus] {
        var records: UnsafeMutablePointer<virDomainStatsRecordPtr?>?
        let count = unsafe handle.withPointer { pointer in
            unsafe virConnectGetAllDomainStats(pointer, kinds, &records, flags)
        }
        guard count >= 0 else { throw .last("virConnectGetAllDomainStats") }
        guard let records = unsafe records else { return [] }
        defer { unsafe virDomainStatsRecordListFree(records) }
        return (0..<Int(count)).compactMap { index in
            unsafe records[index].flatMap { record in unsafe status(record.pointee) }
        }
    }

    private func status(_ record: virDomainStatsRecord) -> DomainStatus? {
        // The list frees its handle of the domain.
        guard let pointer = unsafe record.dom, unsafe virDomainRef(pointer) == 0 else { return nil }
        let domain = unsafe Domain(pointer, of: handle)
        func number(_ name: String) -> Int? {
            var value: Int32 = 0
            return unsafe virTypedParamsGetInt(record.params, record.nparams, name, &value) == 1 ? Int(value) : nil
        }
        var cpus: UInt32 = 0
        var memory: UInt64 = 0
        let hasSize =
            unsafe virTypedParamsGetUInt(record.params, record.nparams, "vcpu.current", &cpus) == 1
            && virTypedParamsGetULLong(record.params, record.nparams, "balloon.maximum", &memory) == 1
        return DomainStatus(
            domain: domain,
            state: number("state.state").flatMap(DomainState.init) ?? .unknown,
            reason: number("state.reason") ?? 0,
            size: hasSize ? DomainStatus.Size(cpus: Int(cpus), maximumMemoryKiB: Int(clamping: memory)) : nil
        )
    }
}
