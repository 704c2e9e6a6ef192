import Libvirt
import Logging
import Model
import NIOConcurrencyHelpers

import struct Foundation.UUID

/// One PM's hypervisor, driven through libvirt.
///
/// Each operation acts first, and reads what is there only where libvirt says that it exists already or that something is
/// missing. So each may be repeated, and one that met a connection that had died meanwhile is tried once more over a new
/// one.
final class LibvirtHypervisor: Hypervisor {
    let pm: PMID
    let listing: PMListing
    let settings: LibvirtSettings
    let failure: LibvirtFailure
    let logger: Logger
    /// Where this worker has the files of images.
    let images: any ImageFiles
    /// Which worker brings an image.
    let transferLock: any ImageTransferLock
    /// Transfers under way in this process, by volume name.
    let transfers = SingleFlight<String, Void>()
    /// The domains whose record was refused, so that each is reported once.
    let refusedRecords = NIOLockedValueBox<Set<UUID>>([])
    /// How guests run there.
    let knownGuestTraits = KnownGuestTraits()
    /// What the PM's record says of how guests run there.
    let recordedDomainType = NIOLockedValueBox(RecordedDomainType())
    /// What earlier inventories read of domains and volumes.
    let known = NIOLockedValueBox(KnownContents())
    private let threads: BlockingThreads
    let connections: LibvirtConnections
    /// A connection for transfers, beside which short calls go on over the others.
    let transferConnection: LibvirtConnections
    /// A connection for questions to guests' agents, which may hang.
    let agentConnection: LibvirtConnections
    /// Connections for consoles that are written to, each for as long as somebody writes.
    let consoleConnection: LibvirtConnections

    /// Makes the adapter; nothing is opened before the first operation.
    ///
    /// - Parameters:
    ///   - pm: the PM's number.
    ///   - listing: where it is and how it is to be treated.
    ///   - settings: deadlines, threads and places.
    ///   - images: where this worker has the files of images.
    ///   - transferLock: lets one worker at a time bring an image to the PM.
    ///   - slots: how many connections the process may have.
    ///   - logger: for what people want to know.
    init(
        pm: PMID,
        listing: PMListing,
        settings: LibvirtSettings = LibvirtSettings(),
        images: any ImageFiles = ListedImageFiles(),
        transferLock: any ImageTransferLock,
        slots: ConnectionSlots = ConnectionSlots(),
        logger: Logger
    ) {
        var logger = logger
        logger[metadataKey: "pm"] = "\(pm)"
        self.pm = pm
        self.listing = listing
        self.settings = settings
        self.logger = logger
        self.images = images
        self.transferLock = transferLock
        failure = LibvirtFailure(listing: listing)
        threads = BlockingThreads(name: "libvirt-pm\(pm)", limit: settings.threads)
        connections = LibvirtConnections(
            listing: listing,
            most: settings.connections,
            settings: settings,
            threads: threads,
            slots: slots,
            logger: logger
        )
        transferConnection = LibvirtConnections(
            listing: listing,
            most: 1,
            settings: settings,
            threads: BlockingThreads(name: "image-pm\(pm)", limit: settings.transferThreads),
            slots: slots,
            logger: logger
        )
        agentConnection = LibvirtConnections(
            listing: listing,
            most: 1,
            settings: settings,
            threads: BlockingThreads(name: "agent-pm\(pm)", limit: settings.agentThreads),
            slots: slots,
            logger: logger
        )
        consoleConnection = LibvirtConnections(
            listing: listing,
            most: settings.consoles,
            settings: settings,
            threads: BlockingThreads(name: "console-pm\(pm)", limit: settings.consoles),
            slots: slots,
            logger: logger
        )
    }

    /// How the PM's threads are taken; stuck ones mean that its libvirt does not answer.
    var load: BlockingThreads.Load { threads.load }

    /// Takes note of what the PM's record says: what a probe there showed, and that somebody has measured it, so that it is
    /// dialled even where it refused this worker just before.
    func update(from pm: PhysicalMachine) {
        let recorded = RecordedDomainType(bootID: pm.bootID, probed: pm.probedDomainType)
        recordedDomainType.withLockedValue { $0 = recorded }
        if let time = pm.measure?.time { wasMeasured(at: time) }
    }

    /// Takes note that somebody has measured the PM.
    ///
    /// - Parameter time: when that was, in ms since 1970 by the clock of Redis.
    func wasMeasured(at time: Int) {
        connections.wasMeasured(at: time)
        transferConnection.wasMeasured(at: time)
        agentConnection.wasMeasured(at: time)
        consoleConnection.wasMeasured(at: time)
    }

    /// Closes connections that were not used for too long, or all idle ones where others in this process wait for room.
    func closeIdle(isPressed: Bool = false) {
        connections.closeIdle(isPressed: isPressed)
        transferConnection.closeIdle(isPressed: isPressed)
        agentConnection.closeIdle(isPressed: isPressed)
        consoleConnection.closeIdle(isPressed: isPressed)
    }

    /// Keeps no connection open from now on, as the PM is no longer listed; calls under way go on.
    func retire() {
        connections.retire()
        transferConnection.retire()
        agentConnection.retire()
        consoleConnection.retire()
    }

    /// Runs a body that may be repeated over one of the PM's connections, when it is its turn.
    ///
    /// - Parameters:
    ///   - doing: what is tried, for the failure's message.
    ///   - deadline: how long it may take; nil for that of calls.
    ///   - grace: how long the caller waits for the body to clean up.
    ///   - other: other connections than the usual ones.
    ///   - body: what to do.
    /// - Returns: what `body` returned.
    /// - Throws: `Failure`.
    func perform<Value: Sendable>(
        _ doing: String,
        deadline: Duration? = nil,
        grace: Duration = .zero,
        over other: LibvirtConnections? = nil,
        _ body: @escaping @Sendable (Session) throws -> Value
    ) async throws(Failure) -> Value {
        let connections = other ?? self.connections
        let deadline = deadline ?? settings.callDeadline
        var isRetry = false
        while true {
            let lease = try await connections.lease(doing, within: deadline)
            do {
                return try await lease.connection.run(deadline: deadline, grace: grace) { [failure] session in
                    // Before the caller goes on, so that its next call finds the connection free.
                    defer { lease.end() }
                    do {
                        return try body(session)
                    } catch let error as LibvirtError where error.kind.isConnectionFault {
                        guard session.isAlive else {
                            connections.broke(lease)
                            throw error
                        }
                        // Not our connection: the PM's libvirt itself failed to reach somebody.
                        throw failure(.hypervisor, "\(doing): its libvirt reports a fault", cause: error.description)
                    }
                }
            } catch let error as LibvirtError where error.kind.isConnectionFault {
                guard !lease.isFresh, !isRetry else { throw failure(error, doing: doing) }
                isRetry = true
            } catch {
                throw failure(error, doing: doing)
            }
        }
    }
}
