import Foundation
import Libvirt
import NIOConcurrencyHelpers
import TestKit
import Testing

@Suite("A real libvirtd")
struct PrivateHostTests {
    private let threads = BlockingThreads(name: "test", limit: 4)
    private let keepalive = Connection.Keepalive(seconds: 1, count: 1)

    private func open(
        _ host: PrivateLibvirtd,
        onClose: @escaping Connection.OnClose = { _ in }
    ) async throws -> Connection {
        try await Connection.open(
            host.uri,
            threads: threads,
            deadline: .seconds(30),
            keepalive: keepalive,
            onClose: onClose
        )
    }

    @Test("Bytes and files go into volumes and come back, also over several messages")
    func transfer() async throws {
        let host = try await PrivateLibvirtd.started()
        let connection = try await open(host)
        let length = 3_000_001
        let content = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let path = host.directory.file("content")
        try Data(content).write(to: URL(filePath: path))
        try await connection.run { session in
            let pool = try Self.pool(in: session)
            let volume = try pool.createVolume(xml: TestDriver.volume("a", capacity: length))
            var steps: [Int64] = []
            try volume.upload(file: path, length: Int64(length), cancellation: session.cancellation) {
                steps.append($0)
            }
            #expect(steps.last == Int64(length))
            #expect(steps.count > 10)
            #expect(try volume.download(offset: 0, length: length) == content)
            #expect(try volume.download(offset: 1000, length: 3) == Array(content[1000..<1003]))
            try volume.resize(to: 1 << 22)
            #expect(try volume.info().capacity == 1 << 22)

            let short = #expect(throws: LibvirtError.self) {
                try volume.upload(file: path, length: Int64(length) + 1, cancellation: session.cancellation)
            }
            #expect(short?.kind == .localFile)
            let missing = #expect(throws: LibvirtError.self) {
                try volume.upload(file: path + ".none", length: 1, cancellation: session.cancellation)
            }
            #expect(missing?.kind == .localFile)
            try volume.delete()
        }
    }

    @Test("What is larger than the disk's room ends in noSpace; where libvirt loses that, the file's length tells")
    func noSpace() async throws {
        let host = try await PrivateLibvirtd.started(PrivateLibvirtd.Options(poolMiB: 4))
        let connection = try await open(host)
        try await connection.run { session in
            let pool = try Self.pool(in: session)
            let volume = try pool.createVolume(xml: TestDriver.volume("a", capacity: 0))
            let bytes = [UInt8](repeating: 7, count: 16 << 20)
            do throws(LibvirtError) {
                try volume.upload(bytes: bytes, cancellation: session.cancellation)
            } catch {
                #expect(error.kind == .noSpace)
            }
            #expect(try volume.fileSize() <= 4 << 20)
            try volume.delete()
            let small = try pool.createVolume(xml: TestDriver.volume("b", capacity: 0))
            try small.upload(bytes: Array(bytes.prefix(70_000)), cancellation: session.cancellation)
            #expect(try small.fileSize() == 70_000)
            #expect(session.isAlive)
        }
    }

    @Test("An upload ends soon after its caller is cancelled")
    func cancelledUpload() async throws {
        let host = try await PrivateLibvirtd.started()
        let connection = try await open(host)
        let (sent, send) = AsyncStream.makeStream(of: Int64.self)
        let ended = NIOLockedValueBox<LibvirtError?>(nil)
        let upload = Task {
            try await connection.run(deadline: .seconds(120), grace: .seconds(60)) { session in
                let volume = try Self.pool(in: session).createVolume(xml: TestDriver.volume("a", capacity: 1 << 40))
                do throws(LibvirtError) {
                    try volume.upload(file: "/dev/zero", length: 1 << 40, cancellation: session.cancellation) {
                        send.yield($0)
                    }
                } catch {
                    ended.withLockedValue { $0 = error }
                    try volume.delete()
                    throw error
                }
            }
        }
        for await bytes in sent where bytes > 0 { break }
        upload.cancel()
        let error = await #expect(throws: LibvirtError.self) { try await upload.value }
        #expect(error?.kind == .cancelled)
        #expect(ended.withLockedValue { $0?.kind } == .cancelled)
        #expect(threads.load.stuck == 0)
        try await connection.run { session in
            let volume = try Self.pool(in: session).volume(name: "a")
            #expect(volume == nil)
        }
    }

    @Test("A libvirtd that is killed closes the connection, and the next one works")
    func killed() async throws {
        let host = try await PrivateLibvirtd.started()
        let (closings, closed) = AsyncStream.makeStream(of: Connection.CloseReason.self)
        let connection = try await open(host) { closed.yield($0) }
        let events = try await connection.lifecycleEvents(deadline: .seconds(10))
        #expect(try await connection.run { try $0.driver() } == "QEMU")
        try await host.kill()
        let reason = try await within(.seconds(10), "the close callback") { await closings.first { _ in true } }
        #expect(reason == .endOfFile || reason == .error)
        #expect(!connection.isOpen)
        try await within(.seconds(10), "the end of the events") { for await _ in events {} }
        let error = await #expect(throws: LibvirtError.self) { try await connection.run { try $0.hostname() } }
        #expect(error?.kind == .connectionLost)
        try await host.restart()
        let again = try await open(host)
        #expect(try await again.run { try $0.driver() } == "QEMU")
    }

    @Test("A libvirtd that hangs costs the caller its deadline, and keepalive frees the thread")
    func hangs() async throws {
        let host = try await PrivateLibvirtd.started()
        let (closings, closed) = AsyncStream.makeStream(of: Connection.CloseReason.self)
        let connection = try await open(host) { closed.yield($0) }
        try host.signal(SIGSTOP)
        let error = await #expect(throws: LibvirtError.self) {
            try await connection.run(deadline: .milliseconds(200)) { try $0.capabilities() }
        }
        #expect(error?.kind == .deadline)
        #expect(threads.load.stuck == 1)
        let reason = try await within(.seconds(20), "keepalive") { await closings.first { _ in true } }
        #expect(reason == .keepalive)
        try await eventually("the thread is free") { threads.load.stuck == 0 && threads.load.running == 0 }
        try host.signal(SIGCONT)
    }

    @Test("Events of a remote machine arrive, and a domain that is to end with its connection does")
    func remoteEvents() async throws {
        let host = try await PrivateLibvirtd.started()
        let watcher = try await open(host)
        let events = try await watcher.lifecycleEvents(deadline: .seconds(10))
        var connection: Connection? = try await open(host)
        try await connection?.run(deadline: .seconds(120)) { session in
            let xml = TestDriver.domain("one", type: "qemu")
            _ = try session.startTransientDomain(xml: xml, endsWithConnection: true)
        }
        connection = nil
        let kinds = try await within(.seconds(60), "the domain's end") {
            var kinds: [LifecycleEvent.Kind] = []
            for await event in events {
                kinds.append(event.kind)
                if event.kind == .stopped { break }
            }
            return kinds
        }
        #expect(kinds.contains(.started))
        #expect(try await watcher.run { try $0.domains().isEmpty })
    }

    private static func pool(in session: Session) throws -> StoragePool {
        if let pool = try session.pool(name: "default") { return pool }
        let xml = "<pool type='dir'><name>default</name><target><path>/var/lib/libvirt/images</path></target></pool>"
        let pool = try session.definePool(xml: xml)
        try pool.start()
        return pool
    }
}
