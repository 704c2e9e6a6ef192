import Glibc
import Synchronization

/// A connection by TCP, with TLS or without, for one thread; each call blocks until the deadline or soon after a cancellation at most.
struct SocketConnection: ~Copyable {
    /// When a call must end: at the deadline, or when it is cancelled.
    final class Limit: Sendable {
        let deadline: ContinuousClock.Instant
        private let isCancelled = Atomic(false)

        init(deadline: ContinuousClock.Instant) { self.deadline = deadline }

        func cancel() { isCancelled.store(true, ordering: .relaxed) }

        func check() throws(ClientError) {
            if isCancelled.load(ordering: .relaxed) { throw .cancelled }
            if ContinuousClock.now >= deadline { throw .timedOut }
        }
    }

    private let descriptor: Int32
    private let limit: Limit
    /// Nil for plain TCP.
    private let session: TLSSession?

    /// The milliseconds after which a waiting thread checks whether its caller has cancelled.
    private static let nap: Int32 = 50
    /// How much is read at once.
    private static let piece = 16 << 10

    /// Connects to the first address of a host that takes the connection.
    init(host: String, port: Int, trust: TLSTrust? = nil, limit: Limit) throws(ClientError) {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(host, "\(port)", &hints, &list)
        guard status == 0 else {
            throw .unreachable("\(host) has no address: \(unsafe String(cString: gai_strerror(status)))")
        }
        defer { unsafe freeaddrinfo(list) }
        var candidate = unsafe list
        var cause = "it has no address"
        while let address = unsafe candidate {
            unsafe candidate = unsafe address.pointee.ai_next
            do throws(ClientError) {
                let descriptor = try unsafe Self.connect(address.pointee, limit)
                self.init(descriptor, try Self.session(descriptor, host, trust, limit), limit)
                return
            } catch {
                guard case .unreachable(let reason) = error else { throw error }
                cause = reason
            }
        }
        throw .unreachable("\(host):\(port) cannot be reached: \(cause)")
    }

    private init(_ descriptor: Int32, _ session: TLSSession?, _ limit: Limit) {
        (self.descriptor, self.session, self.limit) = (descriptor, session, limit)
    }

    deinit { _ = close(descriptor) }

    private static func connect(_ address: addrinfo, _ limit: Limit) throws(ClientError) -> Int32 {
        let descriptor = socket(unsafe address.ai_family, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw .unreachable(text(errno)) }
        do throws(ClientError) {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            let isConnected = unsafe Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0
            let error = isConnected ? 0 : errno
            guard !isConnected else { return descriptor }
            guard error == EINPROGRESS else { throw .unreachable(text(error)) }
            _ = try wait(for: POLLOUT, descriptor, limit)
            var problem: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &problem, &size) == 0, problem == 0 else {
                throw .unreachable(text(problem))
            }
            return descriptor
        } catch {
            _ = close(descriptor)
            throw error
        }
    }

    /// Makes a connection secure; nil where it is to be none.
    ///
    /// It is closed where that fails.
    private static func session(
        _ descriptor: Int32,
        _ host: String,
        _ trust: TLSTrust?,
        _ limit: Limit
    ) throws(ClientError) -> TLSSession? {
        guard let trust else { return nil }
        do throws(ClientError) {
            let session = try TLSSession(descriptor, host: host, authorities: trust.authorities)
            _ = try finished(descriptor, limit) { session.connect() }
            return session
        } catch {
            _ = close(descriptor)
            throw error
        }
    }

    /// Repeats a call of TLS until it has done something.
    ///
    /// - Returns: how many bytes.
    private static func finished(
        _ descriptor: Int32,
        _ limit: Limit,
        _ call: () -> TLSSession.Outcome
    ) throws(ClientError) -> Int {
        while true {
            switch call() {
            case .done(let count): return count
            case .wantsRead: _ = try wait(for: POLLIN, descriptor, limit)
            case .wantsWrite: _ = try wait(for: POLLOUT, descriptor, limit)
            case .failed(let reason): throw .unreachable(reason)
            }
        }
    }

    /// Sends bytes, and stops early if the server answers before their end.
    mutating func send(_ bytes: [UInt8]) throws(ClientError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            if let session {
                let count = try Self.finished(descriptor, limit) {
                    unsafe rest.withUnsafeBytes { bytes in unsafe session.write(bytes) }
                }
                rest = rest.dropFirst(count)
                continue
            }
            let ready = try Self.wait(for: POLLOUT | POLLIN, descriptor, limit)
            // An answer before the end of the request is a refusal, and the end of the connection.
            guard ready & POLLIN == 0 else { return }
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
            let error = errno
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if error != EAGAIN, error != EINTR {
                // The answer that ended the connection may still be there to be read.
                return
            }
        }
    }

    /// The next bytes; none at the end.
    mutating func receive() throws(ClientError) -> [UInt8] {
        if let session {
            var bytes = [UInt8](repeating: 0, count: Self.piece)
            let count = try Self.finished(descriptor, limit) {
                unsafe bytes.withUnsafeMutableBufferPointer { buffer in unsafe session.read(into: buffer) }
            }
            return Array(bytes.prefix(count))
        }
        while true {
            _ = try Self.wait(for: POLLIN, descriptor, limit)
            var error: Int32 = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.piece) { buffer, count in
                let received = unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
                error = received < 0 ? errno : 0
                count = max(0, received)
            }
            if error == 0 { return bytes }
            guard error == EAGAIN || error == EINTR else {
                throw .unreachable("the connection broke: \(Self.text(error))")
            }
        }
    }

    /// Waits until the socket can do one of these things.
    ///
    /// - Returns: which of them.
    private static func wait(for events: Int32, _ descriptor: Int32, _ limit: Limit) throws(ClientError) -> Int32 {
        while true {
            try limit.check()
            var state = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            // An error or the end of the connection shows in the call that follows.
            if unsafe poll(&state, 1, nap) > 0 { return Int32(state.revents) }
        }
    }

    private static func text(_ error: Int32) -> String { unsafe String(cString: strerror(error)) }
}
