import Libvirt
import Logging
import Model
import NIOConcurrencyHelpers

import struct Foundation.UUID

/// One PM's hypervisor, driven through libvirt.
///
/// Each operation looks first at what is there and makes only what is missing, so each may be repeated, and one that
/// met a connection that had died meanwhile is tried once more over a new one.
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
    /// The domains whose record was refused, so that each is told of once.
    let refusedRecords = NIOLockedValueBox<Set<UUID>>([])
    /// How guests run there, decided once a connection.
    let knownGuestTraits = KnownGuestTraits()
    private let threads: BlockingThreads
    private let link: LibvirtLink
    /// A connection for transfers, beside which short calls go on over the other.
    let transferLink: LibvirtLink

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
        link = LibvirtLink(listing: listing, settings: settings, threads: threads, slots: slots, logger: logger)
        let transferThreads = BlockingThreads(name: "image-pm\(pm)", limit: settings.transferThreads)
        transferLink = LibvirtLink(
            listing: listing,
            settings: settings,
            threads: transferThreads,
            slots: slots,
            logger: logger
        )
    }

    /// How the PM's threads are taken; stuck ones mean that its libvirt does not answer.
    var load: BlockingThreads.Load { threads.load }

    /// Takes note that somebody has measured the PM, so that it is dialled even where it refused this worker just before.
    ///
    /// - Parameter time: when that was, in ms since 1970 by the clock of Redis.
    func wasMeasured(at time: Int) async {
        await link.wasMeasured(at: time)
        await transferLink.wasMeasured(at: time)
    }

    /// Runs a body that may be repeated over the PM's connection, when it is its turn.
    ///
    /// - Parameters:
    ///   - doing: what is tried, for the failure's message.
    ///   - deadline: how long it may take; nil for that of calls.
    ///   - grace: how long the caller waits for the body to clean up.
    ///   - other: another connection than the usual one.
    ///   - body: what to do.
    /// - Returns: what `body` returned.
    /// - Throws: `Failure`.
    func perform<Value: Sendable>(
        _ doing: String,
        deadline: Duration? = nil,
        grace: Duration = .zero,
        over other: LibvirtLink? = nil,
        _ body: @escaping @Sendable (Session) throws -> Value
    ) async throws(Failure) -> Value {
        let link = other ?? self.link
        var line = try await link.line()
        while true {
            do {
                return try await line.connection.run(
                    deadline: deadline ?? settings.callDeadline,
                    grace: grace
                ) { [failure] session in
                    do {
                        return try body(session)
                    } catch let error as LibvirtError where error.kind.isConnectionFault && session.isAlive {
                        // Not our connection: the PM's libvirt itself failed to reach somebody.
                        throw failure(.hypervisor, "\(doing): its libvirt reports a fault", cause: error.description)
                    }
                }
            } catch let error as LibvirtError where error.kind.isConnectionFault {
                await link.drop(line.connection)
                guard line.isReused else { throw failure(error, doing: doing) }
                line = try await link.line()
                line.isReused = false
            } catch {
                throw failure(error, doing: doing)
            }
        }
    }

    /// The open connection, for what is asked more than once over one connection.
    func connection() async throws(Failure) -> Connection {
        try await link.line().connection
    }
}
