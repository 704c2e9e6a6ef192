import Foundation
import Libvirt
import Logging
import Model
import TestKit

@testable import Worker

/// What the tests of the libvirt adapter share: images, records, adapters.
enum HypervisorFixture {
    /// The system's smallest bootable image, built once for all tests.
    private static let guest = Task { () async throws -> (TemporaryDirectory, String) in
        let directory = try TemporaryDirectory(prefix: "guest")
        // This file is Tests/WorkerTests/Drivers/HypervisorFixture.swift.
        let root = (1...4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let path = directory.file("guest.qcow2")
        let build = try ChildProcess("bash", [root.appending(path: "deploy/guest/build.sh").path, path])
        guard try await build.waitForExit(within: .seconds(300)) == .status(0) else {
            throw TestKitError("deploy/guest/build.sh failed: \(build.text)")
        }
        return (directory, path)
    }

    /// An image that boots and says so on its serial console.
    static func bootableImage(id: Int = 100) async throws -> ImageFile {
        let (_, path) = try await guest.value
        return try await inspected(path, id: id)
    }

    /// A qcow2 image without content.
    ///
    /// - Parameters:
    ///   - directory: Where its file goes.
    ///   - id: Its number.
    ///   - size: Its virtual size as qemu-img takes it.
    /// - Returns: The image, inspected.
    /// - Throws: Where qemu-img fails.
    static func emptyImage(in directory: TemporaryDirectory, id: Int = 100, size: String = "64M") async throws
        -> ImageFile
    {
        let path = directory.file("image-\(id).qcow2")
        let create = try ChildProcess("qemu-img", ["create", "-q", "-f", "qcow2", path, size])
        guard try await create.waitForExit() == .status(0) else { throw TestKitError("qemu-img: \(create.text)") }
        return try await inspected(path, id: id)
    }

    /// A raw image of random bytes behind a boot sector's mark.
    static func rawImage(in directory: TemporaryDirectory, id: Int = 101, bytes: Int) async throws -> ImageFile {
        let path = directory.file("image-\(id).img")
        var generator = SystemRandomNumberGenerator()
        var content = Data(capacity: bytes)
        while content.count < bytes {
            withUnsafeBytes(of: generator.next()) { content.append(contentsOf: $0) }
        }
        content[510] = 0x55
        content[511] = 0xAA
        try content.prefix(bytes).write(to: URL(filePath: path))
        return try await inspected(path, id: id)
    }

    /// The image in a file.
    static func inspected(_ path: String, id: Int = 100) async throws -> ImageFile {
        guard let id = ImageID(id) else { throw TestKitError("\(id) is no image's number") }
        return try await ImageInspection(roots: []).inspect(Image(id: id, name: "image", path: path))
    }

    /// A record of a VM.
    static func vm(
        _ number: Int,
        name: String = "a VM",
        uuid: UUID = UUID(),
        ram: Int = 128,
        constraints: PlacementConstraints = .none,
        macs: [MACAddress] = [],
        seed: SeedSummary? = nil
    ) throws -> VirtualMachine {
        guard let id = VMID(number), let type = TypeID(2), let image = ImageID(100) else {
            throw TestKitError("\(number) is no VM's number")
        }
        let needs = Resources(cpu: 1, ram: ram, disk: 1)
        return VirtualMachine(
            id: id,
            uuid: uuid,
            name: name,
            type: type,
            image: image,
            needs: needs,
            constraints: constraints,
            macs: macs,
            seed: seed
        )
    }

    /// An adapter.
    static func hypervisor(
        _ uri: String,
        pm: Int = 1,
        type: DomainTypeChoice = .qemu,
        pool: String = "default",
        network: String = PMListing.noNetwork,
        settings: LibvirtSettings = LibvirtSettings(),
        images: any ImageFiles = ListedImageFiles(),
        lock: any ImageTransferLock = SoleWorker(),
        log: Log = Log()
    ) throws -> LibvirtHypervisor {
        guard let pm = PMID(pm) else { throw TestKitError("\(pm) is no PM's number") }
        return LibvirtHypervisor(
            pm: pm,
            listing: PMListing(address: try PMAddress(uri), domainType: type, pool: pool, network: network),
            settings: settings,
            images: images,
            transferLock: lock,
            logger: log.logger
        )
    }
}

/// Keeps what is logged, to count what was done.
struct Log: Sendable {
    private let messages: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation

    init() {
        (messages, continuation) = AsyncStream.makeStream()
    }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(continuation: continuation) }
        logger.logLevel = .trace
        return logger
    }

    /// Ends the log.
    ///
    /// - Returns: How often this message came.
    func count(_ message: String) async -> Int { await count { $0 == message } }

    /// Ends the log.
    ///
    /// - Returns: How many such messages came.
    func count(where isMeant: (String) -> Bool) async -> Int {
        continuation.finish()
        var found = 0
        for await message in messages where isMeant(message) { found += 1 }
        return found
    }

    private struct Handler: LogHandler {
        let continuation: AsyncStream<String>.Continuation
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            continuation.yield(event.message.description)
        }
    }
}

/// Lets one at a time through, as the store does over several workers; counts.
actor TestTransferLock: ImageTransferLock {
    private(set) var uses = 0
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    nonisolated func withLock<Value: Sendable>(
        pm: PMID,
        image: ImageID,
        _ body: @Sendable () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        await take()
        let result: Result<Value, Failure>
        do throws(Failure) { result = .success(try await body()) } catch { result = .failure(error) }
        await give()
        return try result.get()
    }

    private func take() async {
        uses += 1
        guard isTaken else {
            isTaken = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func give() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}
