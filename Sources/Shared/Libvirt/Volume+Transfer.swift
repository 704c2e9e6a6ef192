import CLibvirt
import Foundation

extension Volume {
    /// How much goes into one message; libvirt's old limit for streams, which every version takes.
    private static let chunk = 256 * 1024

    /// Writes a file of this machine into the volume, from its start (`virStorageVolUpload`, `virStreamSend`).
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - length: how many bytes of it; fewer in the file are an error.
    ///   - cancellation: checked between chunks; once set, the stream is aborted.
    ///   - progress: called with the bytes sent so far after each chunk, on this thread.
    /// - Throws: `LibvirtError`: `localFile` for the file, `noSpace`, `cancelled`, or libvirt's own.
    package func upload(
        file path: String,
        length: Int64,
        cancellation: CancellationFlag,
        progress: (Int64) -> Void = { _ in }
    ) throws(LibvirtError) {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .local("open", unsafe "\(path): \(String(cString: strerror(errno)))") }
        defer { close(file) }
        func next(_ buffer: UnsafeMutableRawBufferPointer) throws(LibvirtError) -> Int {
            let count = unsafe read(file, buffer.baseAddress, buffer.count)
            guard count >= 0 else { throw .local("read", unsafe "\(path): \(String(cString: strerror(errno)))") }
            return count
        }
        try unsafe upload(length: length, cancellation: cancellation, progress: progress, read: next)
    }

    /// Writes bytes into the volume, from its start (`virStorageVolUpload`, `virStreamSend`).
    ///
    /// - Parameters:
    ///   - bytes: the content.
    ///   - cancellation: checked between chunks.
    /// - Throws: `LibvirtError`.
    package func upload(bytes: [UInt8], cancellation: CancellationFlag) throws(LibvirtError) {
        var rest = bytes[...]
        func next(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
            let part = rest.prefix(buffer.count)
            unsafe buffer.copyBytes(from: part)
            rest = rest.dropFirst(part.count)
            return part.count
        }
        try unsafe upload(length: Int64(bytes.count), cancellation: cancellation, progress: { _ in }, read: next)
    }

    private func upload(
        length: Int64,
        cancellation: CancellationFlag,
        progress: (Int64) -> Void,
        read: (UnsafeMutableRawBufferPointer) throws(LibvirtError) -> Int
    ) throws(LibvirtError) {
        let stream = try Stream(of: connection)
        try unsafe checked(
            withPointer { volume in
                unsafe stream.withPointer { unsafe virStorageVolUpload(volume, $0, 0, UInt64(max(0, length)), 0) }
            },
            "virStorageVolUpload"
        )
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk, alignment: 16)
        defer { unsafe buffer.deallocate() }
        var sent: Int64 = 0
        do throws(LibvirtError) {
            while sent < length {
                try cancellation.check()
                let wanted = min(Int64(buffer.count), length - sent)
                let count = try unsafe read(UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(wanted)]))
                guard count > 0 else { throw .local("read", "the file ends after \(sent) of \(length) bytes") }
                try unsafe stream.send(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                sent += Int64(count)
                progress(sent)
            }
        } catch {
            stream.abort()
            throw error
        }
        try stream.finish()
    }

    /// Reads a part of the volume into memory (`virStorageVolDownload`, `virStreamRecv`); meant for small parts.
    ///
    /// - Parameters:
    ///   - offset: where to begin, in bytes.
    ///   - length: how many bytes.
    /// - Returns: the bytes; fewer where the volume ends before.
    /// - Throws: `LibvirtError`.
    package func download(offset: Int64, length: Int) throws(LibvirtError) -> [UInt8] {
        let stream = try Stream(of: connection)
        try unsafe checked(
            withPointer { volume in
                unsafe stream.withPointer {
                    unsafe virStorageVolDownload(volume, $0, UInt64(max(0, offset)), UInt64(max(0, length)), 0)
                }
            },
            "virStorageVolDownload"
        )
        var bytes: [UInt8] = []
        do throws(LibvirtError) {
            while bytes.count < length {
                let part = try stream.receive(upTo: min(Self.chunk, length - bytes.count))
                guard !part.isEmpty else { break }
                bytes += part
            }
        } catch {
            stream.abort()
            throw error
        }
        try stream.finish()
        return bytes
    }
}
