import CLibvirt

/// A volume of a storage pool; freed with its last reference, and keeps its connection until then.
@safe package final class Volume {
    private let pointer: OpaquePointer
    let connection: ConnectionHandle

    /// Takes over a handle that libvirt made for the caller.
    init(_ pointer: OpaquePointer, of connection: ConnectionHandle) {
        unsafe self.pointer = pointer
        self.connection = connection
    }

    deinit { _ = unsafe virStorageVolFree(pointer) }

    /// Lends the pointer; it must not be kept.
    func withPointer<Value, Failed: Error>(
        _ body: (OpaquePointer) throws(Failed) -> Value
    ) throws(Failed) -> Value {
        try unsafe body(pointer)
    }

    /// Its name within the pool (`virStorageVolGetName`).
    ///
    /// - Throws: `LibvirtError`.
    package func name() throws(LibvirtError) -> String {
        try unsafe borrowed(virStorageVolGetName(pointer), "virStorageVolGetName")
    }

    /// Its path on the machine (`virStorageVolGetPath`).
    ///
    /// - Throws: `LibvirtError`.
    package func path() throws(LibvirtError) -> String {
        try unsafe owned(virStorageVolGetPath(pointer), "virStorageVolGetPath")
    }

    /// Its size, read anew (`virStorageVolGetInfo`).
    ///
    /// - Throws: `LibvirtError`; also where its file no longer exists.
    package func info() throws(LibvirtError) -> VolumeInfo {
        var info = virStorageVolInfo()
        try checked(unsafe virStorageVolGetInfo(pointer, &info), "virStorageVolGetInfo")
        return VolumeInfo(capacity: Int64(clamping: info.capacity), allocation: Int64(clamping: info.allocation))
    }

    /// How long its file is, in bytes, read anew (`virStorageVolGetInfoFlags`, `VIR_STORAGE_VOL_GET_PHYSICAL`).
    ///
    /// - Throws: `LibvirtError`; also where its file no longer exists.
    package func fileSize() throws(LibvirtError) -> Int64 {
        var info = virStorageVolInfo()
        let flags = VIR_STORAGE_VOL_GET_PHYSICAL.rawValue
        try checked(unsafe virStorageVolGetInfoFlags(pointer, &info, flags), "virStorageVolGetInfoFlags")
        return Int64(clamping: info.allocation)
    }

    /// Its description, with format and backing (`virStorageVolGetXMLDesc`).
    ///
    /// - Throws: `LibvirtError`.
    package func xml() throws(LibvirtError) -> String {
        try unsafe owned(virStorageVolGetXMLDesc(pointer, 0), "virStorageVolGetXMLDesc")
    }

    /// Makes it larger (`virStorageVolResize`).
    ///
    /// - Parameter capacity: the new size in bytes.
    /// - Throws: `LibvirtError`.
    package func resize(to capacity: Int64) throws(LibvirtError) {
        try checked(unsafe virStorageVolResize(pointer, UInt64(max(0, capacity)), 0), "virStorageVolResize")
    }

    /// Deletes it and its content (`virStorageVolDelete`).
    ///
    /// - Throws: `LibvirtError`.
    package func delete() throws(LibvirtError) {
        try checked(unsafe virStorageVolDelete(pointer, 0), "virStorageVolDelete")
    }
}

@available(*, unavailable)
extension Volume: Sendable {}

/// The size of a volume, in bytes (`virStorageVolInfo`).
package struct VolumeInfo: Hashable, Sendable {
    /// As the guest sees it.
    package let capacity: Int64
    /// What it takes of the pool.
    package let allocation: Int64
}
