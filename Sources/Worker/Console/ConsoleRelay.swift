import Logging
import Model
import NIOConcurrencyHelpers
import Store

/// Relays what one VM's guest writes to its console, for as long as somebody reads it and this worker has the right to.
///
/// It begins where the last relay has ended, so that readers lose and repeat nothing when another worker goes on.
struct ConsoleRelay: Sendable {
    let vm: VMID
    let store: Store
    let holder: String
    let logger: Logger
    /// The VM's log; nil before it has a PM.
    let log: @Sendable () async throws(Failure) -> ConsoleLog?

    /// How long the right lasts after a sign of life.
    static let lease = Duration.seconds(6)
    /// How many bytes are a piece.
    private static let pieceSize = 16 << 10
    /// How long a piece of that size takes at least: 4 MiB/s.
    private static let pace = Duration.milliseconds(4)
    /// How long the PM's script runs, in fifths of a second.
    private static let rounds = 150

    /// Runs until nobody reads or another worker has the right.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await relay() }
            group.addTask { await keep() }
            await group.next()
            group.cancelAll()
        }
    }

    /// Keeps the right while there is nothing to relay; returns where it is over.
    private func keep() async {
        var end = ContinuousClock.now + Self.lease
        while !Task.isCancelled {
            // A cancelled sleep ends the loop.
            try? await Task.sleep(for: Self.lease / 3)
            let asked = ContinuousClock.now
            do throws(Failure) {
                guard try await store.relay(nil, ofConsoleOf: vm, by: holder, lease: Self.lease) == .ok else { return }
                end = asked + Self.lease
            } catch {
                guard .now < end else { return }
            }
        }
    }

    private func relay() async {
        var pause = Duration.milliseconds(500)
        while !Task.isCancelled {
            do throws(Failure) {
                guard try await pass() else { return }
                pause = .milliseconds(500)
            } catch {
                guard !Task.isCancelled else { return }
                logger.debug(
                    "a console cannot be relayed; trying again",
                    metadata: ["vm": "\(vm)", "error": "\(error)"]
                )
                pause = min(pause * 2, .seconds(10))
            }
            // A cancelled sleep ends the loop.
            try? await Task.sleep(for: pause)
        }
    }

    /// Relays for a while; false where it is over.
    private func pass() async throws(Failure) -> Bool {
        guard let log = try await log() else { return true }
        let chain = try await log.look().chain
        var position = try await store.relayedEnd(ofConsoleOf: vm) ?? chain.end
        // What is kept no more is lost to all.
        if chain.place(of: position) == nil { position = chain.end }
        guard try await send([], at: position) else { return false }
        guard let place = chain.place(of: position) else { return true }
        let next = NIOLockedValueBox((position: position, isOver: false))
        do throws(Failure) {
            try await log.follow(from: place, rounds: Self.rounds) { (bytes) async throws(Failure) in
                var rest = bytes[...]
                while !rest.isEmpty {
                    let piece = Array(rest.prefix(Self.pieceSize))
                    let offset = next.withLockedValue { $0.position }
                    guard try await send(piece, at: offset) else {
                        next.withLockedValue { $0.isOver = true }
                        throw .cancelled
                    }
                    next.withLockedValue { $0.position = offset + piece.count }
                    rest = rest.dropFirst(piece.count)
                    // Where it is cancelled, the script is, too.
                    if piece.count == Self.pieceSize { try? await Task.sleep(for: Self.pace) }
                }
            }
        } catch {
            if next.withLockedValue({ $0.isOver }) { return false }
            throw error
        }
        return true
    }

    private func send(_ bytes: [UInt8], at offset: Int) async throws(Failure) -> Bool {
        let piece = ConsolePiece(offset: offset, bytes: bytes)
        switch try await store.relay(piece, ofConsoleOf: vm, by: holder, lease: Self.lease) {
        case .ok, .idle: return true
        case .lost, .gone: return false
        }
    }
}
