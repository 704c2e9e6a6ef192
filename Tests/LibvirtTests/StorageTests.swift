import Foundation
import Libvirt
import TestKit
import Testing

@Suite("Pools and volumes, on libvirt's test driver")
struct StorageTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test("A pool is found, defined, started and measured")
    func pools() async throws {
        let connection = try await TestDriver.open(in: directory.path)
        try await connection.run { session in
            #expect(try session.pool(name: "none") == nil)
            let pool = try #require(try session.pool(name: "disks"))
            #expect(try pool.isActive())
            let before = try pool.info()
            #expect(before.capacity > 0)
            #expect(before.available > 0)

            let xml = "<pool type='dir'><name>more</name><target><path>/more</path></target></pool>"
            let more = try session.definePool(xml: xml)
            #expect(try !more.isActive())
            try more.build()
            try more.start()
            try more.refresh()
            #expect(try more.isActive())
            #expect(throws: LibvirtError.self) { try more.start() }
            try more.setAutostart(true)
            #expect(try Set(session.pools().map { try $0.name() }) == ["disks", "more"])
            try more.stop()
            try more.undefine()
            #expect(try session.pool(name: "more") == nil)
        }
    }

    @Test("A volume is made once, found, and deleted")
    func volumes() async throws {
        let connection = try await TestDriver.open(in: directory.path)
        try await connection.run { session in
            let pool = try #require(try session.pool(name: "disks"))
            #expect(try pool.volume(name: "a") == nil)
            let volume = try pool.createVolume(xml: TestDriver.volume("a", capacity: 4096))
            #expect(try volume.name() == "a")
            #expect(try volume.path() == "/disks/a")
            #expect(try volume.info().capacity == 4096)
            #expect(try volume.xml().contains("<name>a</name>"))
            let error = #expect(throws: LibvirtError.self) { try pool.createVolume(xml: TestDriver.volume("a")) }
            #expect(error?.kind == .alreadyExists)
            #expect(try pool.volumes().map { try $0.name() } == ["a"])
            try volume.delete()
            #expect(try pool.volume(name: "a") == nil)
        }
    }
}
