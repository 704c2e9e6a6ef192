import HTTPTypes
import NIOHTTP1

/// A request's head that has been checked against the rules on message length and host, which the parser does not check
/// (RFC 9110, 7 and 10.1.1; RFC 9112, 3 and 6).
struct RequestHead {
    /// How the end of the body is found.
    enum Body: Equatable {
        case length(Int)
        case chunked
    }

    /// The request for the application: its target is a path, and its host is the one that the client means.
    let request: HTTPRequest
    let body: Body
    /// Whether the client waits for `100 Continue` before it sends the body.
    let expectsContinue: Bool
    /// Whether no request follows on the connection.
    let isLast: Bool

    /// Checks a head.
    ///
    /// - Parameter received: the head as the parser has it.
    /// - Throws: `Refusal`.
    init(_ received: HTTPRequestHead) throws(Refusal) {
        let fields = try Fields(received.headers)
        let isOld = received.version.minor == 0
        guard received.method != .CONNECT else { throw .notImplemented("CONNECT is for proxies, which this is not") }
        guard fields.hosts <= 1, fields.hosts == 1 || isOld else {
            throw .malformed("a request has exactly one Host field, this one has \(fields.hosts)")
        }
        guard Authority(Substring(fields.host)) != nil else {
            throw .malformed("the Host field is not a host and a port")
        }
        guard fields.lengths <= 1 else { throw .malformed("a request has one Content-Length, this one has more") }
        body = try Self.body(fields, isOld: isOld)
        guard isOld || fields.expect == nil || fields.expect?.lowercased() == "100-continue" else {
            throw .expectation
        }
        expectsContinue = !isOld && fields.expect != nil && body != .length(0)
        // HTTP/1.0 keeps no connection unless both ask for it. What follows an Upgrade the parser leaves alone.
        isLast = isOld || fields.hasUpgrade || !received.isKeepAlive
        guard let method = HTTPRequest.Method(received.method.rawValue) else {
            throw .malformed("the method is not a word")
        }
        let target = try Target(received)
        request = HTTPRequest(
            method: method,
            scheme: "http",
            authority: target.authority ?? (fields.hosts == 0 ? nil : fields.host),
            path: target.path,
            headerFields: fields.others
        )
    }

    private static func body(_ fields: Fields, isOld: Bool) throws(Refusal) -> Body {
        guard let coding = fields.coding?.lowercased() else {
            guard let length = fields.length else { return .length(0) }
            guard let count = Int(length), count >= 0 else { throw .malformed("the Content-Length is not a number") }
            return .length(count)
        }
        guard !isOld, fields.lengths == 0 else { throw .malformed("a body has either a length or a Transfer-Encoding") }
        guard fields.codings == 1 else { throw .malformed("a request has one Transfer-Encoding, this one has more") }
        guard coding != "chunked" else { return .chunked }
        throw .notImplemented("the only Transfer-Encoding that is taken is chunked")
    }
}

/// The request target.
///
/// A target in absolute form takes precedence over the Host field (RFC 9112, 3.2.2).
private struct Target {
    let path: String
    /// Nil if only the Host field has it.
    let authority: String?

    init(_ received: HTTPRequestHead) throws(Refusal) {
        let target = received.uri
        if target.utf8.first == UInt8(ascii: "/") || (target == "*" && received.method == .OPTIONS) {
            (path, authority) = (target, nil)
            return
        }
        guard let colon = target.firstIndex(of: ":"), ["http", "https"].contains(target[..<colon].lowercased()),
            target[colon...].hasPrefix("://")
        else { throw .malformed("the target is neither a path nor an http URI") }
        let rest = target[target.index(colon, offsetBy: 3)...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard let host = Authority(rest[..<end])?.host, !host.isEmpty else {
            throw .malformed("the target's host is not a host and a port")
        }
        path = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/" + rest[end...]
        authority = String(rest[..<end])
    }
}

/// The fields of a head, with those that decide the form of the message picked out in the same pass.
private struct Fields {
    /// All but Host.
    var others = HTTPFields()
    var hosts = 0
    var host = ""
    var lengths = 0
    var length: String?
    var codings = 0
    var coding: String?
    var expect: String?
    var hasUpgrade = false

    init(_ headers: HTTPHeaders) throws(Refusal) {
        others.reserveCapacity(headers.count)
        for (text, value) in headers {
            guard let name = HTTPField.Name(text) else { throw .malformed("a field's name is not a word") }
            switch name {
            case _ where name.canonicalName == "host":
                hosts += 1
                host = value
                continue
            case .expect: expect = value
            case .upgrade: hasUpgrade = true
            case .contentLength:
                lengths += 1
                length = value
            case .transferEncoding:
                codings += 1
                coding = value
            default: break
            }
            others.append(HTTPField(name: name, value: value))
        }
    }
}
