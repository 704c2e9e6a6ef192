import Model

/// What a machine's own commands said of it at one moment.
///
/// Only memory must be there. Other figures are nil where the machine did not say them as it should.
struct HostMeasure: Hashable, Sendable {
    /// All memory in MiB (`free -m`, total).
    var totalMemoryMiB: Int
    /// Memory that new programs could have, in MiB (`free -m`, available).
    var availableMemoryMiB: Int
    /// CPUs online (`/sys/devices/system/cpu/online`).
    var cpus: Int?
    /// Load averages, in tasks that run or wait (`/proc/loadavg`).
    var load: LoadAverage?
    /// The file system where the image pool lies by default (`df`).
    var disk: DiskSpace?
    /// The kernel and the machine by name (`uname`).
    var system: System?
    /// Changes at each boot (`/proc/sys/kernel/random/boot_id`).
    var bootID: String?
    /// The installed system's own number (`/etc/machine-id`).
    var machineID: String?
    /// The machine's neighbours by their network cards (`ip neigh`).
    var neighbours: [MACAddress: [IPAddress]] = [:]
    /// The machine's bridges.
    var bridges: [String] = []
    /// What the login printed before the measure, for people; empty where it printed nothing.
    var chatter = ""

    /// Load averages over three spans.
    struct LoadAverage: Hashable, Sendable {
        /// Over one minute.
        var oneMinute: Double
        /// Over five minutes.
        var fiveMinutes: Double
        /// Over fifteen minutes.
        var fifteenMinutes: Double
    }

    /// A file system's space, in bytes.
    struct DiskSpace: Hashable, Sendable {
        /// Its size.
        var capacity: Int64
        /// What a plain user may still write there.
        var available: Int64
    }

    /// What `uname` says.
    struct System: Hashable, Sendable {
        /// The architecture, as `x86_64` (`uname -m`).
        var architecture: String
        /// The host's name (`uname -n`).
        var hostname: String
        /// The kernel's release (`uname -r`).
        var kernel: String
    }

    /// The figures that the machine did not say as it should, by name.
    var missing: [String] {
        [
            ("cpus", cpus == nil), ("load", load == nil), ("disk", disk == nil), ("system", system == nil),
            ("boot_id", bootID == nil), ("machine_id", machineID == nil),
        ].filter(\.1).map(\.0)
    }
}

extension HostMeasure {
    /// Distinguishes our lines from banners and from what login profiles print.
    static let beginMark = "hvc-measure-1-begin-9d41c7e2b05f"
    /// Without this line the answer was cut short.
    static let endMark = "hvc-measure-1-end-9d41c7e2b05f"

    /// The one command that measures, to be run by `/bin/sh -c`.
    ///
    /// It only reads. A constant on one line without quotes of the single kind, exclamation marks and backslashes, so that within
    /// single quotes every login shell (csh and fish too) hands it on as it is. The empty line parts it from a banner
    /// that does not end its last one. The pool's folder need not be there yet: its nearest parent shows as much.
    ///
    /// Of neighbours, guests alone are asked for, and no more of them than leave room for the rest of the answer.
    ///
    /// CPUs are read from the kernel: `nproc` obeys OMP_NUM_THREADS, OMP_THREAD_LIMIT and the session's CPU set. Files are
    /// printed by `echo`, so that one without an end of line does not swallow the next mark.
    static let script = """
        LC_ALL=C; export LC_ALL; echo; echo \(beginMark); echo @memory; free -m; \
        echo @cpus; c=$(cat /sys/devices/system/cpu/online) || c="n $(getconf _NPROCESSORS_ONLN)"; echo $c; \
        echo @load; echo $(cat /proc/loadavg); \
        echo @disk; d=/var/lib/libvirt/images; until [ -d "$d" ]; do d=${d%/*}; d=${d:-/}; done; df -P -B1 "$d"; \
        echo @system; uname -m; uname -n; uname -r; \
        echo @identity; echo boot $(cat /proc/sys/kernel/random/boot_id); echo machine $(cat /etc/machine-id); \
        echo @neighbours; (ip neigh || /sbin/ip neigh) 2>/dev/null | grep 52:54:00 | head -n 400; \
        echo @bridges; (ls -d /sys/class/net/*/bridge; ovs-vsctl -t 2 list-br) 2>/dev/null | head -n 99; \
        echo \(endMark)
        """
}
