import HTTPTypes
import Hummingbird
import Model

/// Without a token, serves only requests whose host is this machine.
///
/// This stops DNS rebinding: a page's name server first answers with the page's own address and then with 127.0.0.1, and the
/// browser takes both for one site. Such requests still have the page's name as their host.
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
