import API
import HTTPTypes
import Hummingbird
import Model
import NIOCore

/// The tags by which clients know whether an object has changed (RFC 9110, 8.8.3 and 13.1).
enum EntityTag {
    /// The tag of a version.
    static func tag(_ version: some CustomStringConvertible) -> String { "\"\(version)\"" }

    /// The tag of an object without a version: another one for other bytes (FNV-1a).
    static func tag(of bytes: ByteBuffer) -> String {
        let hash = bytes.readableBytesView.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        return tag("h" + String(hash, radix: 16))
    }

    /// The versions in a field such as `If-Match`; nil where it is missing, or `*`.
    static func versions(in field: String?) -> [String]? {
        guard let field, field != "*" else { return nil }
        return field.split(separator: ",").map { $0.drop { $0 == " " } }.compactMap { word in
            let isQuoted = word.count >= 2 && word.first == "\"" && word.trimmingEnd.last == "\""
            return isQuoted ? String(word.trimmingEnd.dropFirst().dropLast()) : nil
        }
    }

    /// An answer to GET: 304 without a body where the client has it already.
    static func notModified(_ response: Response, _ request: Request) -> Response {
        guard request.method == .get, response.status == .ok, let tag = response.headers[.eTag],
            let known = request.headers[.ifNoneMatch]
        else { return response }
        // Compared weakly (RFC 9110, 13.1.2).
        let tags = known.split(separator: ",").map { $0.drop { $0 == " " }.trimmingEnd }
        guard known == "*" || tags.contains(where: { $0 == tag || $0 == "W/" + tag }) else { return response }
        return Response(status: .notModified, headers: [.eTag: tag])
    }
}

extension Substring {
    fileprivate var trimmingEnd: Substring {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}

extension EndpointDescription {
    /// Refuses a condition that the call does not look at: it must not be done as if it held.
    func checkConditions(of request: Request) throws(Failure) {
        guard !isConditional, methods != [.get], request.headers[.ifMatch] ?? "*" != "*" else { return }
        throw Failure(.notSupported, "this call takes no If-Match: leave it out")
    }
}
