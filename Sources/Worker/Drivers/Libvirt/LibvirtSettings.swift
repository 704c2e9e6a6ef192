import Libvirt
import Model

/// How the adapter treats a PM's libvirt.
struct LibvirtSettings: Hashable, Sendable {
    /// How long opening a connection may take; over ssh it is 0.5 s where all is well.
    var openDeadline = Duration.seconds(30)
    /// How long to wait where the process has as many connections as it may.
    var slotDeadline = Duration.seconds(5)
    /// How long looking something up, defining or deleting may take.
    var callDeadline = Duration.seconds(60)
    /// How long starting or ending a guest may take; a libvirt that finds /dev/kvm unusable asks QEMU anew each time.
    var startDeadline = Duration.seconds(180)
    /// How long sending one image may take.
    var transferDeadline = Duration.seconds(3600)
    /// How long a call that was given up may take to clean up behind itself before it is left alone.
    var grace = Duration.seconds(10)
    /// How long the probe for KVM waits for its guest.
    var probeWait = Duration.seconds(10)
    /// The most connections to a PM for short calls, so that as many starts overlap.
    ///
    /// Each is an ssh login and a process on the PM, times the workers; libvirtd works at 20 calls at once by default.
    var connections = 4
    /// After how long without use an extra connection is closed.
    ///
    /// A login costs some tenths of a second on both sides, so it has to outlast the pauses within a burst of creates.
    var idleTime = Duration.seconds(60)
    /// After how long without use the last connection to a PM is closed; that over which events come stays.
    var lastIdleTime = Duration.seconds(600)
    /// The threads for short calls: one for each connection, and for one that is opened and one that is subscribed over.
    var threads: Int { connections + 2 }
    /// The threads for transfers, as for calls.
    var transferThreads = 2
    /// The threads for questions to guests' agents, as for calls.
    var agentThreads = 2
    /// How a dead machine is noticed.
    var keepalive = Connection.Keepalive()
    /// How long a PM that refused a connection is left alone; doubles with each failure up to `longestRetryPause`.
    var retryPause = Duration.seconds(1)
    /// The longest that such a PM is left alone.
    var longestRetryPause = Duration.seconds(15)
    /// The directory on the PM for what guests write to their serial consoles; nil for no such files.
    // How many consoles of a PM are written to at once, each over a connection of its own.
    var consoles = 4
    var consoleLogDirectory: String? = "/var/log/libvirt/qemu"
    /// The libvirt network that guests are attached to, or `none`, where the listing does not say.
    var network = "default"
    /// The installation's name in the metadata of its domains.
    var cell = VirtualMachine.defaultCell
    /// The directory of the pool `default` where the PM has no such pool yet.
    var defaultPoolPath = "/var/lib/libvirt/images"

    /// How a PM's connections are treated.
    func limits(most: Int) -> ConnectionPool.Limits {
        ConnectionPool.Limits(
            most: most,
            idleTime: idleTime,
            lastIdleTime: lastIdleTime,
            retryPause: retryPause,
            longestRetryPause: longestRetryPause
        )
    }
}
