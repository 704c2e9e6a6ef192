import CLibvirt

/// What a machine is made of (`virNodeGetInfo`).
public struct NodeInfo: Hashable, Sendable {
    /// The CPU's model, which for QEMU is the architecture, as `x86_64`.
    public let model: String
    /// Memory in KiB.
    public let memoryKiB: Int
    /// CPUs that are on.
    public let cpus: Int
    /// Clock in MHz; 0 where unknown.
    public let megahertz: Int
}

/// A version as libvirt counts: major x 1,000,000 + minor x 1,000 + release.
public struct LibvirtVersion: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The number as libvirt has it.
    public let number: Int

    /// Takes libvirt's number.
    public init(number: Int) {
        self.number = number
    }

    /// As `9.0.0`.
    public var description: String { "\(number / 1_000_000).\(number / 1000 % 1000).\(number % 1000)" }

    /// Orders by age.
    public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

extension Session {
    /// The machine's host name (`virConnectGetHostname`).
    ///
    /// - Throws: `LibvirtError`.
    public func hostname() throws(LibvirtError) -> String {
        try unsafe owned(handle.withPointer { unsafe virConnectGetHostname($0) }, "virConnectGetHostname")
    }

    /// The driver's name, as `QEMU` or `Test` (`virConnectGetType`).
    ///
    /// - Throws: `LibvirtError`.
    public func driver() throws(LibvirtError) -> String {
        try unsafe borrowed(handle.withPointer { unsafe virConnectGetType($0) }, "virConnectGetType")
    }

    /// The version of the machine's libvirt (`virConnectGetLibVersion`).
    ///
    /// - Throws: `LibvirtError`.
    public func libvirtVersion() throws(LibvirtError) -> LibvirtVersion {
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
    public func hypervisorVersion() throws(LibvirtError) -> LibvirtVersion {
        var number: UInt = 0
        try unsafe checked(handle.withPointer { unsafe virConnectGetVersion($0, &number) }, "virConnectGetVersion")
        return LibvirtVersion(number: Int(number))
    }

    /// What the machine is made of (`virNodeGetInfo`).
    ///
    /// - Throws: `LibvirtError`.
    public func nodeInfo() throws(LibvirtError) -> NodeInfo {
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
    public func capabilities() throws(LibvirtError) -> String {
        try unsafe owned(handle.withPointer { unsafe virConnectGetCapabilities($0) }, "virConnectGetCapabilities")
    }

    /// What domains of a kind can have, as XML (`virConnectGetDomainCapabilities`).
    ///
    /// - Parameters:
    ///   - architecture: as `x86_64`; nil for the machine's own.
    ///   - domainType: as `kvm` or `qemu`; nil for the best there is.
    /// - Returns: the XML.
    /// - Throws: `LibvirtError`, of kind `unsupported` for drivers without it.
    public func domainCapabilities(
        architecture: String? = nil,
        domainType: String? = nil
    ) throws(LibvirtError) -> String {
        let text = unsafe handle.withPointer { pointer in
            unsafe virConnectGetDomainCapabilities(pointer, nil, architecture, nil, domainType, 0)
        }
        return try unsafe owned(text, "virConnectGetDomainCapabilities")
    }
}
