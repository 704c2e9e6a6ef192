/// Reads one answer from a connection.
struct ResponseReader: ~Copyable {
    var connection: SocketConnection
    /// Bytes that have arrived and were not read yet.
    private var bytes: [UInt8] = []
    private var start = 0

    init(_ connection: consuming SocketConnection) { self.connection = connection }

    /// The final answer; interim answers before it are skipped.
    mutating func response(to method: String) throws(ClientError) -> HTTPResponse {
        var response: HTTPResponse
        repeat { response = try HTTPResponse(head: try head()) } while (100..<200).contains(response.status)
        switch try response.length(of: method) {
        case .bytes(let count): response.body = try take(count)
        case .chunked: response.body = try chunks()
        case .untilClosed: response.body = try rest()
        }
        return response
    }

    /// The final answer, whose body is handed on as it comes where it is a success.
    mutating func response(
        to method: String,
        _ deliver: (HTTPResponse, [UInt8]) -> Bool
    ) throws(ClientError) -> HTTPResponse {
        var response: HTTPResponse
        repeat { response = try HTTPResponse(head: try head()) } while (100..<200).contains(response.status)
        let length = try response.length(of: method)
        guard (200..<300).contains(response.status) else {
            switch length {
            case .bytes(let count): response.body = try take(count)
            case .chunked: response.body = try chunks()
            case .untilClosed: response.body = try rest()
            }
            return response
        }
        // What follows may be long in coming.
        guard deliver(response, []) else { return response }
        switch length {
        case .bytes(let count): _ = try pieces(count) { deliver(response, $0) }
        case .chunked:
            while let count = try chunkSize(), try pieces(count, { deliver(response, $0) }) { _ = try line() }
        case .untilClosed:
            repeat {
                let piece = try take(bytes.count - start)
                guard piece.isEmpty || deliver(response, piece) else { return response }
            } while try fill()
        }
        return response
    }

    /// Hands on so many bytes as they come.
    ///
    /// - Returns: whether more is wanted.
    private mutating func pieces(_ count: Int, _ deliver: ([UInt8]) -> Bool) throws(ClientError) -> Bool {
        var left = count
        while left > 0 {
            if bytes.count == start {
                guard try fill() else { throw .malformed("it ends before its end") }
            }
            let piece = try take(min(left, bytes.count - start))
            left -= piece.count
            guard deliver(piece) else { return false }
        }
        return true
    }

    /// How long the next chunk is; nil behind the last one.
    private mutating func chunkSize() throws(ClientError) -> Int? {
        let size = try line().prefix { $0 != ";" }
        guard let count = Int(size, radix: 16), count >= 0 else { throw .malformed("a part of it has no length") }
        guard count > 0 else { return nil }
        return count
    }

    private mutating func head() throws(ClientError) -> String {
        var text = ""
        while true {
            let line = try line()
            if line.isEmpty { return text }
            text += line + "\n"
            guard text.utf8.count <= HTTPClient.largestHead else { throw .malformed("its head has no end") }
        }
    }

    private mutating func chunks() throws(ClientError) -> [UInt8] {
        var body: [UInt8] = []
        while true {
            guard let count = try chunkSize() else { break }
            guard body.count + count <= HTTPClient.largestBody else { throw .malformed("it is too large") }
            body += try take(count)
            _ = try line()
        }
        while try !line().isEmpty {}
        return body
    }

    private mutating func rest() throws(ClientError) -> [UInt8] {
        while try fill() {}
        return try take(bytes.count - start)
    }

    /// The next line, without its end.
    private mutating func line() throws(ClientError) -> String {
        var searched = start
        while true {
            if let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = bytes[start..<end]
                start = end + 1
                return String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
            }
            let waiting = bytes.count - start
            guard waiting <= HTTPClient.largestHead, try fill() else { throw .malformed("it ends within a line") }
            searched = start + waiting
        }
    }

    private mutating func take(_ count: Int) throws(ClientError) -> [UInt8] {
        guard count <= HTTPClient.largestBody else { throw .malformed("it is too large") }
        while bytes.count - start < count {
            guard try fill() else { throw .malformed("it ends before its end") }
        }
        defer { start += count }
        return Array(bytes[start..<(start + count)])
    }

    /// Reads more; false at the end.
    private mutating func fill() throws(ClientError) -> Bool {
        guard bytes.count - start <= HTTPClient.largestBody else { throw .malformed("it is too large") }
        if start > 0 {
            bytes.removeFirst(start)
            start = 0
        }
        let more = try connection.receive()
        bytes += more
        return !more.isEmpty
    }
}
