/// One line of the PM file: where a PM is and how it is to be treated.
package struct PMListing: Hashable, Sendable {
    /// Where it is.
    package var address: PMAddress
    /// How guests run on it.
    package var domainType: DomainTypeChoice
    /// How many times over its resources may be promised.
    package var overcommit: Overcommit
    /// The libvirt storage pool that holds images and disks.
    package var pool: String
    /// The libvirt network that guests are attached to, or `none`; nil for the one of the settings.
    package var network: String?
    /// What is kept for the machine itself, whatever the overcommit.
    package var reserve: Resources
    /// What people call it by; requests may ask for tags and against them.
    package var tags: Set<String>

    package init(
        address: PMAddress,
        domainType: DomainTypeChoice = .automatic,
        overcommit: Overcommit = .none,
        pool: String = "default",
        network: String? = nil,
        reserve: Resources = .zero,
        tags: Set<String> = []
    ) {
        self.address = address
        self.domainType = domainType
        self.overcommit = overcommit
        self.pool = pool
        self.network = network
        self.reserve = reserve
        self.tags = tags
    }

    /// The network's name that stands for none: guests get no network device.
    package static let noNetwork = "none"

    /// Whether this may name a pool or a network of libvirt here: it is safe as a path component and in a URI.
    package static func isLibvirtName(_ name: String) -> Bool {
        let isPlain = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        return isPlain && (1...64).contains(name.utf8.count) && name.first != "-" && name.first != "."
    }
}

/// How guests are to run on a PM.
package enum DomainTypeChoice: String, Hashable, Sendable, CaseIterable {
    /// kvm where a probe saw a guest run under it, else qemu.
    case automatic = "auto"
    /// With the processor's help.
    case kvm
    /// Emulated.
    case qemu
}
