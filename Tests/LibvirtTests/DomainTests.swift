import Foundation
import Libvirt
import TestKit
import Testing

@Suite("Domains, on libvirt's test driver")
struct DomainTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test("A domain is defined, found, started, paused, ended and undefined")
    func life() async throws {
        let connection = try await TestDriver.open(in: directory.path)
        try await connection.run { session in
            let uuid = UUID()
            #expect(try session.domain(uuid: uuid) == nil)
            let domain = try session.defineDomain(xml: TestDriver.domain("one", uuid: uuid))
            #expect(try domain.name() == "one")
            #expect(try domain.uuid() == uuid)
            #expect(try domain.state().state == .shutOff)
            #expect(domain.runNumber == nil)
            #expect(try domain.info().cpus == 3)
            #expect(try domain.info().maximumMemoryKiB == 65536)

            try domain.start()
            #expect(try domain.isActive())
            #expect(throws: LibvirtError.self) { try domain.start() }
            try domain.suspend()
            #expect(try domain.state().state == .paused)
            try domain.resume()
            #expect(try domain.state().state == .running)

            let found = try #require(try session.domain(uuid: uuid))
            #expect(found.runNumber != nil)
            #expect(try session.domain(name: "one")?.uuid() == uuid)
            #expect(try session.domains().map { try $0.name() } == ["one"])

            try found.destroy()
            let error = #expect(throws: LibvirtError.self) { try found.destroy() }
            #expect(error?.kind == .operationInvalid)
            try found.undefine()
            #expect(try session.domain(uuid: uuid) == nil)
            #expect(try session.domain(name: "one") == nil)
        }
    }

    @Test("A guest's file systems are held and let on; a driver without agents says that it has none")
    func agent() async throws {
        let connection = try await TestDriver.open(in: directory.path)
        try await connection.run { session in
            let domain = try session.defineDomain(xml: TestDriver.domain("one"))
            #expect(throws: LibvirtError.self) { try domain.freezeFileSystems() }
            try domain.start()
            // The test driver's guests have two.
            #expect(try domain.freezeFileSystems() == 2)
            #expect(try domain.thawFileSystems() == 2)
            #expect(try domain.thawFileSystems() == 0)
            let error = #expect(throws: LibvirtError.self) { try domain.agentSystem() }
            #expect(error?.kind == .unsupported)
        }
    }

    @Test("Metadata of a namespace is read back, and its absence is no error")
    func metadata() async throws {
        let connection = try await TestDriver.open(in: directory.path)
        try await connection.run { session in
            let metadata = "<a:x xmlns:a='urn:test' name='&lt;&amp; &quot;'/>"
            let domain = try session.defineDomain(xml: TestDriver.domain("one", metadata: metadata))
            let text = try #require(try domain.metadata(namespace: "urn:test"))
            #expect(text.contains("&lt;&amp; &quot;"))
            #expect(try domain.metadata(namespace: "urn:other") == nil)
            #expect(try domain.xml(inactive: true).contains("urn:test"))
        }
    }

    @Test("A name or UUID that is taken is distinguished")
    func taken() async throws {
        let connection = try await TestDriver.open(in: directory.path)
        try await connection.run { session in
            _ = try session.defineDomain(xml: TestDriver.domain("one"))
            let error = #expect(throws: LibvirtError.self) {
                try session.defineDomain(xml: TestDriver.domain("one"))
            }
            #expect(error?.kind == .alreadyExists)
        }
    }

    @Test("A transient domain is gone when it ends")
    func transient() async throws {
        let connection = try await TestDriver.open(in: directory.path)
        try await connection.run { session in
            let domain = try session.startTransientDomain(xml: TestDriver.domain("one"))
            #expect(try domain.isActive())
            try domain.destroy()
            #expect(try session.domain(name: "one") == nil)
            let error = #expect(throws: LibvirtError.self) { try domain.state() }
            #expect(error?.kind == .noSuchDomain)
        }
    }

    @Test("Lifecycle events come in their order, and their stream can be left")
    func events() async throws {
        let connection = try await TestDriver.open(in: directory.path)
        let uuid = UUID()
        let events = try await connection.lifecycleEvents(deadline: .seconds(10))
        try await connection.run { session in
            let domain = try session.defineDomain(xml: TestDriver.domain("one", uuid: uuid))
            try domain.start()
            try domain.destroy()
            try domain.undefine()
        }
        let kinds = try await within(.seconds(10), "the events") {
            var kinds: [LifecycleEvent.Kind] = []
            for await event in events {
                #expect(event.uuid == uuid)
                #expect(event.name == "one")
                kinds.append(event.kind)
                if event.kind == .undefined { break }
            }
            return kinds
        }
        #expect(
            kinds == [.defined, .resumed, .started, .stopped, .undefined]
                || kinds == [.defined, .started, .stopped, .undefined]
        )
    }
}
