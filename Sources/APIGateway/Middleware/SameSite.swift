import HTTPTypes
import Hummingbird
import Model

/// Refuses requests that a page of another site makes a browser send, for example GET /vm/destroy as an image's address.
///
/// Browsers say so in `Sec-Fetch-Site` (W3C Fetch Metadata Request Headers), older ones in `Origin` (RFC 6454), and for
/// links and images in `Referer` (RFC 9110, 10.1.3); other clients send none of them.
enum SameSite {
    /// Checks a request.
    ///
    /// - Throws: `Failure` with `crossSite`.
    static func check(_ request: Request) throws(Failure) {
        guard isForeign(request) else { return }
        throw Failure(.crossSite, "a page of another site sent this: call the API from your own program")
    }

    /// Whether another site sent it; the first of these headers that is present decides.
    ///
    /// A header that is present twice counts as foreign.
    private static func isForeign(_ request: Request) -> Bool {
        if let sites = values(.fetchSite, of: request) {
            return sites.count > 1 || sites[0] != "none" && sites[0] != "same-origin"
        }
        guard let pages = values(.origin, of: request) ?? values(.referer, of: request) else { return false }
        return pages.count > 1 || !isOwn(pages[0], host: request.head.authority ?? "")
    }

    private static func values(_ name: HTTPField.Name?, of request: Request) -> [String]? {
        guard let name, request.headers.contains(name) else { return nil }
        return request.headers[values: name]
    }

    /// Whether a URL belongs to this server, with either scheme, since a proxy in front may speak TLS.
    private static func isOwn(_ url: String, host: String) -> Bool {
        [("http://", ":80"), ("https://", ":443")].contains { scheme, port in
            guard url.lowercased().hasPrefix(scheme) else { return false }
            let authority = url.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
            return normal(String(authority), port) == normal(host, port)
        }
    }

    /// A host and port in lower case, without the scheme's default port.
    private static func normal(_ authority: String, _ port: String) -> String {
        let authority = authority.lowercased()
        return authority.hasSuffix(port) ? String(authority.dropLast(port.count)) : authority
    }
}
