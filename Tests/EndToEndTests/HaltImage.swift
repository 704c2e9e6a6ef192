import Foundation

/// A raw disk image whose guests halt in their boot sector: a real guest for a second of one core.
enum HaltImage {
    /// Writes one.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - size: its length in bytes; what is behind the boot sector is a hole.
    /// - Returns: the path.
    /// - Throws: where the file cannot be written.
    static func write(to path: String, size: UInt64 = 1 << 20) throws -> String {
        // cli; hlt; jmp to the hlt, and the mark by which a BIOS knows a boot sector.
        var sector: [UInt8] = [0xFA, 0xF4, 0xEB, 0xFD] + [UInt8](repeating: 0, count: 512 - 4)
        sector[510] = 0x55
        sector[511] = 0xAA
        try Data(sector).write(to: URL(filePath: path))
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.truncate(atOffset: size)
        try file.close()
        return path
    }
}
