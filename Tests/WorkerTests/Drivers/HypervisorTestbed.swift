import Foundation
import Libvirt
import Model
import RedisClient
import Store
import TestKit
import Testing
import XML

@testable import Worker

/// A hypervisor under test, with what people may do there by hand.
protocol TestedHypervisor: Hypervisor {
    /// Defines a domain.
    func define(_ xml: String) async throws

    /// The names of the pool's volumes, sorted.
    func volumes() async throws -> [String]
}

/// The machines of one test: each is started when it is first asked for, and ends with the testbed.
actor HypervisorTestbed {
    /// What stands behind the port.
    enum Driver: String, CaseIterable, CustomTestStringConvertible {
        /// libvirt's driver that pretends.
        case test
        case qemu
        case simulated

        nonisolated var testDescription: String { rawValue }
    }

    private var libvirtd: PrivateLibvirtd?
    private var redis: RedisServer?

    /// A hypervisor on a machine that is the test's own.
    func hypervisor(_ driver: Driver) async throws -> any TestedHypervisor {
        switch driver {
        case .test: try HypervisorFixture.hypervisor(try await startedLibvirtd().testURI)
        case .qemu: try HypervisorFixture.hypervisor(try await startedLibvirtd().uri)
        case .simulated: try await simulated("simulated:///1?latency_ms=0")
        }
    }

    /// The hypervisor of a simulated PM.
    func simulated(_ address: String) async throws -> SimulatedHypervisor {
        let server = try await startedRedis()
        return SimulatedHypervisor(
            pm: try SimulatedPM(address: address),
            store: Store(redis: RedisClient(configuration: server.configuration)),
            cell: VirtualMachine.defaultCell
        )
    }

    private func startedLibvirtd() async throws -> PrivateLibvirtd {
        if let libvirtd { return libvirtd }
        let started = try await PrivateLibvirtd.started()
        libvirtd = started
        return started
    }

    private func startedRedis() async throws -> RedisServer {
        if let redis { return redis }
        let started = try await RedisServer.started()
        redis = started
        return started
    }
}

extension LibvirtHypervisor: TestedHypervisor {
    func define(_ xml: String) async throws {
        try await perform("defining") { session in _ = try session.defineDomain(xml: xml) }
    }

    func volumes() async throws -> [String] {
        try await perform("listing volumes") { [self] session in
            let pool = try pool(in: session)
            // Refused while a volume is sent; libvirt then knows of it already.
            try? pool.refresh()
            return try pool.volumes().map { try $0.name() }.sorted()
        }
    }
}

extension SimulatedHypervisor: TestedHypervisor {
    func define(_ xml: String) async throws {
        let root = try #require(XMLElement.root(of: xml))
        let metadata = root.child("metadata")?.children.first?.xmlString
        if let metadata { _ = try #require(VirtualMachine(metadata: metadata)) }
        let domain = SimulatedHost.Domain(
            name: try #require(root.child("name")).text,
            cpu: 1,
            ram: try #require(root.child("memory").flatMap { Int($0.text) }),
            metadata: metadata
        )
        var host = SimulatedHost(fields: [:], now: 0)
        host.set(domain, uuid: (root.child("uuid")?.text ?? UUID().uuidString).lowercased())
        #expect(try await store.changeSimulatedPM(pm.number, seen: [:], changes: host.changes))
    }

    func volumes() async throws -> [String] { try await contents().volumes.map(\.name).sorted() }
}
