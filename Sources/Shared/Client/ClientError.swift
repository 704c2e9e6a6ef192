package import API

/// Why a call has no usable answer.
package enum ClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The base address is invalid.
    case badAddress(String)
    /// The certificates that are to be trusted cannot be used.
    case badAuthorities(String)
    /// The server could not be reached, or the connection to it broke.
    case unreachable(String)
    /// There was no answer in time; the request may have been carried out.
    case timedOut
    /// The caller gave up.
    case cancelled
    /// What came is not HTTP, or not JSON of the call's form.
    case malformed(String)
    /// The job is done, and what it made is no more.
    case gone(VMGone)
    /// The server refused the call, or it failed.
    case problem(Problem)
    /// The same without a problem document: from the legacy API, or a proxy on the way.
    case failed(status: Int, reason: String)

    package var description: String {
        switch self {
        case .badAddress(let text): "'\(text)' is no address of a server: give one such as http://127.0.0.1:8080"
        case .badAuthorities(let reason): "the certificates to trust cannot be used: \(reason)"
        case .unreachable(let reason): reason
        case .timedOut: "no answer came in time: check what was done before you repeat the call"
        case .cancelled: "the call was cancelled"
        case .malformed(let what): "the answer cannot be read: \(what)"
        case .gone(let vm): "VM \(vm.id) was made, and is no more"
        case .problem(let problem): "\(problem.code): \(problem.detail)"
        case .failed(let status, let reason): "status \(status): \(reason)"
        }
    }
}
