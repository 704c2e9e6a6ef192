import Model
import Store

/// Measures a simulated PM: what its commands would say follows from the domains that run there.
struct SimulatedProbe: HostProbe {
    let pm: SimulatedPM
    let store: Store

    func measure() async throws(Failure) -> HostMeasure {
        let (fields, now) = try await store.simulatedPM(pm.number)
        return measure(of: SimulatedHost(fields: fields, now: now))
    }

    func close() async {}

    /// The measure of a PM on which this stands.
    func measure(of host: SimulatedHost) -> HostMeasure {
        let chance = SimulatedChance(pm: pm)
        let capacity = chance.capacity
        let running = host.domains.filter(\.domain.active)
        // A 64th is the system's own.
        let used = capacity.ram / 64 + running.reduce(0) { $0 + $1.domain.ram }
        let load = running.reduce(0) { $0 + Double($1.domain.cpu) * chance.busyShare(of: $1.uuid) }
        let disk = Int64(capacity.disk) << 30
        return HostMeasure(
            totalMemoryMiB: capacity.ram,
            availableMemoryMiB: max(0, capacity.ram - used),
            cpus: capacity.cpu,
            load: HostMeasure.LoadAverage(oneMinute: load, fiveMinutes: load, fifteenMinutes: load),
            disk: HostMeasure.DiskSpace(capacity: disk, available: max(0, disk - host.allocation)),
            system: HostMeasure.System(
                architecture: "x86_64",
                hostname: "simulated-\(pm.number)",
                kernel: "simulated"
            )
        )
    }
}
