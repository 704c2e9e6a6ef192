/// How OpenSSH's client is called.
struct SSHConfiguration: Hashable, Sendable {
    /// The client's name, sought in `PATH` as libvirt does.
    var executable = "ssh"
    /// A configuration file in place of the user's and the system's (`-F`); nil for those.
    var configFile: String?
    /// A folder of this worker's own for the sockets of shared connections; made with mode 0700 where it is missing.
    ///
    /// A socket's path has at most 107 bytes on Linux (unix(7)); of them 35 are for the name and for the ending that
    /// ssh adds while it makes the socket. So the folder's path has at most 72.
    var controlDirectory: String
    /// Whether runs share one connection a destination, over a socket in that folder.
    var sharesConnections = true
    /// How long ssh may take to connect (`ConnectTimeout`); whole seconds.
    var connectTimeout: Duration = .seconds(5)
    /// How long a measure may take with all that is in it.
    var deadline: Duration = .seconds(10)
    /// How long a shared connection outlives its last use (`ControlPersist`); whole seconds.
    var persistence: Duration = .seconds(90)
}
