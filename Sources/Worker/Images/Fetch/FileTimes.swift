import Foundation

extension timespec {
    /// The time of the call, for utimensat(2): `UTIME_NOW`, a macro that Swift does not import.
    static var now: timespec { timespec(tv_sec: 0, tv_nsec: (1 << 30) - 1) }

    /// Leaves a time as it is: `UTIME_OMIT`, likewise.
    static var unchanged: timespec { timespec(tv_sec: 0, tv_nsec: (1 << 30) - 2) }
}
