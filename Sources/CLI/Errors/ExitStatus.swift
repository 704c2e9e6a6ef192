/// What the program ends with; scripts rely on these numbers.
enum ExitStatus: Int32, CaseIterable {
    case done = 0
    case failed = 1
    /// The command line, or what it asks for, is not as it must be.
    case usage = 2
    case notFound = 3
    /// There is a conflict, or what it is about is in the wrong state.
    case conflict = 4
    case notAllowed = 5
    /// There is no room, or the quota does not allow it.
    case noRoom = 6
    /// The gateway cannot be reached, or it is not ready.
    case unreachable = 7
    case waitOver = 124
    case interrupted = 130

    /// What a failure that the gateway tells ends the program with.
    ///
    /// A code that this release does not know goes by its HTTP status.
    ///
    /// - Parameters:
    ///   - code: the code of the failure.
    ///   - status: its HTTP status.
    init(code: String, status: Int) {
        switch code {
        case "no_capacity", "no_match", "no_machine", "quota_exceeded", "limit_reached", "storage_full":
            self = .noRoom
        case "cancelled": self = .failed
        case "outcome_unknown": self = .unreachable
        default: self.init(httpStatus: status)
        }
    }

    private init(httpStatus status: Int) {
        switch status {
        case 400, 405, 413, 422: self = .usage
        case 401, 403, 421: self = .notAllowed
        case 404: self = .notFound
        case 409, 410, 412: self = .conflict
        case 408, 429, 503: self = .unreachable
        default: self = .failed
        }
    }
}
