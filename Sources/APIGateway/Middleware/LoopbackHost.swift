import HTTPTypes
import Hummingbird
import Model

/// Where no token is set, serves only requests that name this machine as their host.
///
/// Without it any web page can be let in: its name server first gives the page's own address and then 127.0.0.1, and the
/// browser takes both for the same site (DNS rebinding). Such requests carry the page's name.
struct LoopbackHost {
    let isRequired: Bool

    /// Checks a request.
    ///
    /// - Throws: `Failure` with `misdirected`.
    func check(_ request: Request) throws(Failure) {
        guard isRequired, let host = request.head.authority, Authority(host[...])?.isLoopback != true else { return }
        throw Failure(
            .misdirected,
            "without HVC_API_TOKEN only localhost, its names and loopback addresses are served, not '\(host.prefix(80))'"
        )
    }
}
