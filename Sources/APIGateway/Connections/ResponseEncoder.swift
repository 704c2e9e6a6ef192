import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Writes an answer as bytes of HTTP/1.1, part by part (RFC 9112, 4 to 7).
struct ResponseEncoder {
    /// `100 Continue`: the client may send its body (RFC 9110, 15.2.1).
    static let goOn = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")

    /// Whether the body is sent in chunks, since the head has no length.
    private var isChunked = false

    /// Writes a head.
    ///
    /// - Parameters:
    ///   - head: the head; names and values of fields are free of line ends by their types.
    ///   - isLast: whether the connection ends with the answer.
    ///   - buffer: takes the bytes.
    mutating func write(_ head: HTTPResponse, isLast: Bool, to buffer: inout ByteBuffer) {
        // These have no body, and may not have the fields that speak of one (RFC 9110, 8.6; RFC 9112, 6.1).
        let isBodiless = head.status.kind == .informational || head.status == .noContent
        isChunked = !isBodiless && head.status != .notModified
        buffer.writeString("HTTP/1.1 \(head.status.code) ")
        buffer.writeString(head.status.reasonPhrase)
        buffer.writeString("\r\n")
        for field in head.headerFields {
            switch field.name {
            case .contentLength:
                isChunked = false
                if isBodiless { continue }
            case .transferEncoding: continue
            case .connection where isLast: continue
            default: break
            }
            buffer.writeString(field.name.rawName)
            buffer.writeString(": ")
            buffer.writeString(field.value)
            buffer.writeString("\r\n")
        }
        if isChunked { buffer.writeString("Transfer-Encoding: chunked\r\n") }
        buffer.writeString(isLast ? "Connection: close\r\n\r\n" : "\r\n")
    }

    /// Writes a part of the body.
    func write(body part: ByteBuffer, to buffer: inout ByteBuffer) {
        // A chunk without bytes would be the last one.
        guard part.readableBytes > 0 else { return }
        if isChunked {
            buffer.writeString(String(part.readableBytes, radix: 16))
            buffer.writeString("\r\n")
        }
        buffer.writeImmutableBuffer(part)
        if isChunked { buffer.writeString("\r\n") }
    }

    /// Writes the end.
    func write(end trailers: HTTPFields?, to buffer: inout ByteBuffer) {
        guard isChunked else { return }
        buffer.writeString("0\r\n")
        for field in trailers ?? [:] { buffer.writeString("\(field.name.rawName): \(field.value)\r\n") }
        buffer.writeString("\r\n")
    }
}
