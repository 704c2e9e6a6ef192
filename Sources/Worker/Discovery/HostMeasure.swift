/// What a machine's own commands said of it at one moment.
struct HostMeasure: Hashable, Sendable {
    /// All memory in MiB (`free -m`, total).
    var totalMemoryMiB: Int
    /// Memory that new programs could have, in MiB (`free -m`, available).
    var availableMemoryMiB: Int
    /// CPUs online (`nproc`).
    var cpus: Int
    /// Load averages, in tasks that run or wait (`/proc/loadavg`).
    var load: LoadAverage
    /// The size in bytes of the file system where the image pool lies (`df`).
    var diskCapacity: Int64
    /// What a plain user may still write there, in bytes (`df`).
    var diskAvailable: Int64
    /// The architecture, as `x86_64` (`uname -m`).
    var architecture: String
    /// The host's name (`uname -n`).
    var hostname: String
    /// The kernel's release (`uname -r`).
    var kernel: String

    /// Load averages over three spans.
    struct LoadAverage: Hashable, Sendable {
        /// Over one minute.
        var oneMinute: Double
        /// Over five minutes.
        var fiveMinutes: Double
        /// Over fifteen minutes.
        var fifteenMinutes: Double
    }
}

extension HostMeasure {
    /// Tells our lines from banners and from what login profiles print.
    static let beginMark = "hvc-measure-1-begin-9d41c7e2b05f"
    /// Without this line the answer was cut short.
    static let endMark = "hvc-measure-1-end-9d41c7e2b05f"

    /// The one command that measures, to be run by `/bin/sh -c`.
    ///
    /// It only reads. A constant on one line without quotes of the single kind, exclamation marks and backslashes, so that within
    /// single quotes every login shell (csh and fish too) hands it on as it is. The empty line parts it from a banner
    /// that does not end its last one. The pool's folder need not be there yet: its nearest parent tells as much.
    static let script = """
        LC_ALL=C; export LC_ALL; echo; echo \(beginMark); echo @memory; free -m; \
        echo @cpus; nproc || getconf _NPROCESSORS_ONLN; echo @load; cat /proc/loadavg; \
        echo @disk; d=/var/lib/libvirt/images; until [ -d "$d" ]; do d=${d%/*}; d=${d:-/}; done; df -P -B1 "$d"; \
        echo @machine; uname -m; uname -n; uname -r; echo \(endMark)
        """
}
