import CLibvirt
import Foundation

/// A storage pool of a machine; freed with its last reference, and keeps its connection until then.
@safe package final class StoragePool {
    private let pointer: OpaquePointer
    private let connection: ConnectionHandle

    /// Takes over a handle that libvirt made for the caller.
    init(_ pointer: OpaquePointer, of connection: ConnectionHandle) {
        unsafe self.pointer = pointer
        self.connection = connection
    }

    deinit { _ = unsafe virStoragePoolFree(pointer) }

    /// Its name (`virStoragePoolGetName`).
    ///
    /// - Throws: `LibvirtError`.
    package func name() throws(LibvirtError) -> String {
        try unsafe borrowed(virStoragePoolGetName(pointer), "virStoragePoolGetName")
    }

    /// True while it is started (`virStoragePoolIsActive`).
    ///
    /// - Throws: `LibvirtError`.
    package func isActive() throws(LibvirtError) -> Bool {
        try checked(unsafe virStoragePoolIsActive(pointer), "virStoragePoolIsActive") == 1
    }

    /// Makes what the pool stands on, for a `dir` pool the directory (`virStoragePoolBuild`).
    ///
    /// - Throws: `LibvirtError`.
    package func build() throws(LibvirtError) {
        try checked(unsafe virStoragePoolBuild(pointer, 0), "virStoragePoolBuild")
    }

    /// Starts it (`virStoragePoolCreate`).
    ///
    /// - Throws: `LibvirtError`, of kind `operationInvalid` where it is started.
    package func start() throws(LibvirtError) {
        try checked(unsafe virStoragePoolCreate(pointer, 0), "virStoragePoolCreate")
    }

    /// Stops it; its content stays (`virStoragePoolDestroy`).
    ///
    /// - Throws: `LibvirtError`.
    package func stop() throws(LibvirtError) {
        try checked(unsafe virStoragePoolDestroy(pointer), "virStoragePoolDestroy")
    }

    /// Removes its definition; its content stays (`virStoragePoolUndefine`).
    ///
    /// - Throws: `LibvirtError`.
    package func undefine() throws(LibvirtError) {
        try checked(unsafe virStoragePoolUndefine(pointer), "virStoragePoolUndefine")
    }

    /// Has libvirt start it by itself or not (`virStoragePoolSetAutostart`).
    ///
    /// - Throws: `LibvirtError`.
    package func setAutostart(_ isOn: Bool) throws(LibvirtError) {
        try checked(unsafe virStoragePoolSetAutostart(pointer, isOn ? 1 : 0), "virStoragePoolSetAutostart")
    }

    /// Reads its content and free space anew (`virStoragePoolRefresh`).
    ///
    /// - Throws: `LibvirtError`; libvirt refuses while a volume of the pool is being made.
    package func refresh() throws(LibvirtError) {
        try checked(unsafe virStoragePoolRefresh(pointer, 0), "virStoragePoolRefresh")
    }

    /// Its size and free space as of its last refresh (`virStoragePoolGetInfo`).
    ///
    /// - Throws: `LibvirtError`.
    package func info() throws(LibvirtError) -> StoragePoolInfo {
        var info = virStoragePoolInfo()
        try checked(unsafe virStoragePoolGetInfo(pointer, &info), "virStoragePoolGetInfo")
        return StoragePoolInfo(
            capacity: Int64(clamping: info.capacity),
            allocation: Int64(clamping: info.allocation),
            available: Int64(clamping: info.available)
        )
    }

    /// Its description (`virStoragePoolGetXMLDesc`).
    ///
    /// - Throws: `LibvirtError`.
    package func xml() throws(LibvirtError) -> String {
        try unsafe owned(virStoragePoolGetXMLDesc(pointer, 0), "virStoragePoolGetXMLDesc")
    }
}

@available(*, unavailable)
extension StoragePool: Sendable {}

/// The size of a pool, in bytes (`virStoragePoolInfo`).
package struct StoragePoolInfo: Hashable, Sendable {
    /// All of it.
    package let capacity: Int64
    /// What is taken.
    package let allocation: Int64
    /// What is free.
    package let available: Int64
}

extension StoragePool {
    /// Its volumes as of its last refresh (`virStoragePoolListAllVolumes`).
    ///
    /// - Throws: `LibvirtError`.
    package func volumes() throws(LibvirtError) -> [Volume] {
        var array: UnsafeMutablePointer<OpaquePointer?>?
        let count = try checked(
            unsafe virStoragePoolListAllVolumes(pointer, &array, 0),
            "virStoragePoolListAllVolumes"
        )
        defer { unsafe free(array) }
        return (0..<Int(count)).compactMap { index in
            unsafe (array?[index]).map { unsafe Volume($0, of: connection) }
        }
    }

    /// The volume of this name, nil where there is none (`virStorageVolLookupByName`).
    ///
    /// - Throws: `LibvirtError`.
    package func volume(name: String) throws(LibvirtError) -> Volume? {
        try unsafe found(
            virStorageVolLookupByName(pointer, name),
            "virStorageVolLookupByName",
            missing: .noSuchVolume
        )
        .map { unsafe Volume($0, of: connection) }
    }

    /// Makes a volume (`virStorageVolCreateXML`).
    ///
    /// - Parameter xml: its description.
    /// - Returns: the volume.
    /// - Throws: `LibvirtError`, of kind `alreadyExists` where the pool has one of this name.
    package func createVolume(xml: String) throws(LibvirtError) -> Volume {
        let volume = unsafe virStorageVolCreateXML(pointer, xml, 0)
        return unsafe Volume(try checked(volume, "virStorageVolCreateXML"), of: connection)
    }
}

extension Session {
    /// Every pool of the machine, started or not (`virConnectListAllStoragePools`).
    ///
    /// - Throws: `LibvirtError`.
    package func pools() throws(LibvirtError) -> [StoragePool] {
        try unsafe handles("virConnectListAllStoragePools") { connection, array in
            unsafe virConnectListAllStoragePools(connection, array, 0)
        } wrap: { pointer in
            unsafe StoragePool(pointer, of: handle)
        }
    }

    /// The pool of this name, nil where there is none (`virStoragePoolLookupByName`).
    ///
    /// - Throws: `LibvirtError`.
    package func pool(name: String) throws(LibvirtError) -> StoragePool? {
        let pointer = unsafe handle.withPointer { unsafe virStoragePoolLookupByName($0, name) }
        return try unsafe found(pointer, "virStoragePoolLookupByName", missing: .noSuchPool)
            .map { unsafe StoragePool($0, of: handle) }
    }

    /// Defines a pool (`virStoragePoolDefineXML`).
    ///
    /// - Parameter xml: its description.
    /// - Returns: the pool, not started.
    /// - Throws: `LibvirtError`.
    package func definePool(xml: String) throws(LibvirtError) -> StoragePool {
        let pointer = unsafe handle.withPointer { unsafe virStoragePoolDefineXML($0, xml, 0) }
        return unsafe StoragePool(try checked(pointer, "virStoragePoolDefineXML"), of: handle)
    }
}
