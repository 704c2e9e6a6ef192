import Foundation
import Libvirt
import TestKit
import Testing

@Suite("Connections")
struct ConnectionTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test("A machine reports what it is")
    func machine() async throws {
        let connection = try await TestDriver.open(in: directory.path, memoryKiB: 4_000_000)
        try await connection.run { session in
            let info = try session.nodeInfo()
            #expect(info == NodeInfo.of(session))
            #expect(info.memoryKiB == 4_000_000)
            #expect(info.cpus == 12)
            #expect(info.model == "i686")
            #expect(try session.driver().lowercased() == "test")
            #expect(try !session.hostname().isEmpty)
            #expect(try session.libvirtVersion() >= LibvirtVersion(number: 1_000_000))
            #expect(try session.hypervisorVersion().number > 0)
            #expect(try session.capabilities().contains("<guest>"))
            #expect(session.isAlive)
            let error = #expect(throws: LibvirtError.self) { try session.domainCapabilities() }
            #expect(error?.kind == .unsupported)
        }
        #expect(connection.isOpen)
    }

    @Test("A URI that leads nowhere is an error with libvirt's own words")
    func wrongURIs() async throws {
        let threads = BlockingThreads(name: "test", limit: 1)
        let unknown = await #expect(throws: LibvirtError.self) {
            try await Connection.open("nosuchdriver:///", threads: threads, deadline: .seconds(10))
        }
        #expect(unknown?.call == "virConnectOpen")
        #expect(unknown?.message.isEmpty == false)
        #expect((unknown?.code ?? 0) > 0)

        let missing = await #expect(throws: LibvirtError.self) {
            let uri = "qemu+unix:///system?socket=\(directory.file("no-socket"))"
            return try await Connection.open(uri, threads: threads, deadline: .seconds(10))
        }
        #expect(missing?.kind == .unreachable)
        #expect(missing?.message.contains("no-socket") == true)
    }

    @Test("An error is the failing call's own, also where many threads fail at once")
    func errorsByThread() async throws {
        let threads = BlockingThreads(name: "test", limit: 8)
        let connection = try await Connection.open("test:///default", threads: threads, deadline: .seconds(10))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<400 {
                group.addTask {
                    try await connection.run { session in
                        if number.isMultiple(of: 2) {
                            let domain = try session.domain(name: "none-\(number)")
                            #expect(domain == nil)
                        } else {
                            let error = #expect(throws: LibvirtError.self) {
                                try session.defineDomain(xml: "<\(number)")
                            }
                            #expect(error?.call == "virDomainDefineXMLFlags")
                            #expect(error?.message.isEmpty == false)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("A network says whether it runs, and can be started")
    func networks() async throws {
        let connection = try await TestDriver.open(in: directory.path)
        try await connection.run { session in
            #expect(try session.network(name: "none") == nil)
            let network = try #require(try session.network(name: "default"))
            #expect(try network.name() == "default")
            #expect(try network.isActive())
            let error = #expect(throws: LibvirtError.self) { try network.start() }
            #expect(error?.kind == .operationInvalid)
        }
    }
}

extension NodeInfo {
    fileprivate static func of(_ session: Session) -> NodeInfo? {
        try? session.nodeInfo()
    }
}
