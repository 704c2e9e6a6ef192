import Foundation

/// How many files and sockets the process may have open (`RLIMIT_NOFILE`, getrlimit(2)).
///
/// A full table ends a Swift process on Linux: libdispatch opens files of /proc and traps where it cannot. So each
/// program raises its limit first and then opens no more than the limit less ``reserve``.
package enum DescriptorLimit {
    /// What a program leaves free for what it does not count: logs, libraries, files of /proc.
    package static let reserve = 64

    /// Beyond this the limit is not raised: children inherit it, and some close every number below it one by one.
    private static let highest = 65_536

    /// Raises the soft limit to the hard one, to 65,536 at most; it never lowers it.
    ///
    /// - Returns: the limit now; 1,024 where the system does not say.
    package static func raise() -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 1024 }
        let wanted = min(limit.rlim_max, rlim_t(highest))
        if limit.rlim_cur < wanted {
            var raised = limit
            raised.rlim_cur = wanted
            if setrlimit(resource, &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }
}
