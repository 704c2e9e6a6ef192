import Foundation
import NIOCore

/// What a connection's socket is set to.
enum SocketOptions {
    /// Sets them.
    ///
    /// - Parameter channel: the connection's channel, on its event loop.
    /// - Throws: what the system says.
    static func set(on channel: any Channel) throws {
        guard let options = channel.syncOptions else { return }
        // One read takes in little, and what it took in is dealt with before the next.
        try options.setOption(
            .recvAllocator,
            value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 1024, maximum: 16 << 10)
        )
        try options.setOption(.maxMessagesPerRead, value: 1)
        guard channel.remoteAddress?.protocol == .inet || channel.remoteAddress?.protocol == .inet6 else { return }
        // A peer that vanished without closing is noticed after two minutes, also while it waits for an answer (tcp(7)).
        try options.setOption(.socketOption(.so_keepalive), value: 1)
        for (name, value) in [(TCP_KEEPIDLE, 60), (TCP_KEEPINTVL, 15), (TCP_KEEPCNT, 4)] {
            try options.setOption(.tcpOption(.init(rawValue: name)), value: SocketOptionValue(value))
        }
        // The system buffers little of an answer that the client does not take; else it would take megabytes for it.
        try options.setOption(.tcpOption(.init(rawValue: TCP_NOTSENT_LOWAT)), value: 16 << 10)
    }
}
