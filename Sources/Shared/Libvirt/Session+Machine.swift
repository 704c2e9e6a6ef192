import CLibvirt

/// What a machine is made of (`virNodeGetInfo`).
package struct NodeInfo: Hashable, Sendable {
    /// The CPU's model, which for QEMU is the architecture, as `x86_64`.
    package let model: String
    /// Memory in KiB.
    package let memoryKiB: Int
    /// CPUs that are on.
    package let cpus: Int
    /// Clock in MHz; 0 where unknown.
    package let megahertz: Int
}

/// A version as libvirt counts: major x 1,000,000 + minor x 1,000 + release.
package struct LibvirtVersion: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The number as libvirt has it.
    package let number: Int

    package init(number: Int) {
        self.number = number
    }

    /// As `9.0.0`.
    package var description: String { "\(number / 1_000_000).\(number / 1000 % 1000).\(number % 1000)" }

    /// Orders by age.
    package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

extension Session {
    /// The machine's host name (`virConnectGetHostname`).
    ///
    /// - Throws: `LibvirtError`.
    package func hostname() throws(LibvirtError) -> String {
        try unsafe owned(handle.withPointer { unsafe virConnectGetHostname($0) }, "virConnectGetHostname")
    }

    /// The driver's name, as `QEMU` or `Test` (`virConnectGetType`).
    ///
    /// - Throws: `LibvirtError`.
    package func driver() throws(LibvirtError) -> String {
        try unsafe borrowed(handle.withPointer { unsafe virConnectGetType($0) }, "virConnectGetType")
    }

    /// The version of the machine's libvirt (`virConnectGetLibVersion`).
    ///
    /// - Throws: `LibvirtError`.
    package func libvirtVersion() throws(LibvirtError) -> LibvirtVersion {
        var number: UInt = 0
        try unsafe checked(
            handle.withPointer { unsafe virConnectGetLibVersion($0, &number) },
            "virConnectGetLibVersion"
        )
        return LibvirtVersion(number: Int(number))
    }

    /// The version of the machine's hypervisor (`virConnectGetVersion`).
    ///
    /// - Throws: `LibvirtError`.
    package func hypervisorVersion() throws(LibvirtError) -> LibvirtVersion {
        var number: UInt = 0
        try unsafe checked(handle.withPointer { unsafe virConnectGetVersion($0, &number) }, "virConnectGetVersion")
        return LibvirtVersion(number: Int(number))
    }

    /// What the machine is made of (`virNodeGetInfo`).
    ///
    /// - Throws: `LibvirtError`.
    package func nodeInfo() throws(LibvirtError) -> NodeInfo {
        var info = virNodeInfo()
        try unsafe checked(handle.withPointer { unsafe virNodeGetInfo($0, &info) }, "virNodeGetInfo")
        // A C array of 32 characters that ends with a zero.
        let model = unsafe withUnsafeBytes(of: info.model) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return NodeInfo(model: model, memoryKiB: Int(info.memory), cpus: Int(info.cpus), megahertz: Int(info.mhz))
    }

    /// What the machine and its hypervisor can do, as XML (`virConnectGetCapabilities`).
    ///
    /// - Throws: `LibvirtError`.
    package func capabilities() throws(LibvirtError) -> String {
        try unsafe owned(handle.withPointer { unsafe virConnectGetCapabilities($0) }, "virConnectGetCapabilities")
    }

    /// What domains of a kind can have, as XML (`virConnectGetDomainCapabilities`).
    ///
    /// - Parameters:
    ///   - architecture: as `x86_64`; nil for the machine's own.
    ///   - domainType: as `kvm` or `qemu`; nil for the best there is.
    /// - Returns: the XML.
    /// - Throws: `LibvirtError`, of kind `unsupported` for drivers without it.
    package func domainCapabilities(
        architecture: String? = nil,
        domainType: String? = nil
    ) throws(LibvirtError) -> String {
        let text = unsafe handle.withPointer { pointer in
            unsafe virConnectGetDomainCapabilities(pointer, nil, architecture, nil, domainType, 0)
        }
        return try unsafe owned(text, "virConnectGetDomainCapabilities")
    }
}
