/// The probe's guest: 512 bytes that a BIOS loads at 0x7C00 and runs in real mode.
enum BootSector {
    /// The size of the disk that it goes on; more than the two sectors in use, for BIOSes that dislike tiny disks.
    static let diskBytes: Int64 = 1 << 20

    /// The sector as it stands on the disk, and after the guest ran also in the sector after it.
    static let bytes: [UInt8] = {
        var sector = code
        sector.append(contentsOf: text)
        sector.append(contentsOf: [UInt8](repeating: 0, count: 510 - sector.count))
        // By which a BIOS knows a boot sector.
        sector.append(contentsOf: [0x55, 0xAA])
        return sector
    }()

    /// For people who find it on a disk.
    private static let text: [UInt8] = Array("Hypervisor-Coordinator: does this guest run?".utf8)

    private static let code: [UInt8] = [
        // Flat segments, and a stack below the code. The BIOS left the boot drive's number in DL.
        0xFA,  // cli
        0x31, 0xC0,  // xor ax, ax
        0x8E, 0xD8,  // mov ds, ax
        0x8E, 0xC0,  // mov es, ax
        0x8E, 0xD0,  // mov ss, ax
        0xBC, 0x00, 0x7C,  // mov sp, 0x7C00
        0xFB,  // sti
        // Write one sector from ES:BX, which is this sector itself, to cylinder 0, head 0, sector 2 (LBA 1).
        0xB8, 0x01, 0x03,  // mov ax, 0x0301 (AH 3: write; AL 1: one sector)
        0xBB, 0x00, 0x7C,  // mov bx, 0x7C00
        0xB9, 0x02, 0x00,  // mov cx, 0x0002 (CH 0: cylinder; CL 2: sector)
        0xB6, 0x00,  // mov dh, 0 (head)
        0xCD, 0x13,  // int 0x13
        // Pulse the processor's reset line through the keyboard controller, which ends the domain.
        0xB0, 0xFE,  // mov al, 0xFE
        0xE6, 0x64,  // out 0x64, al
        // Should the reset be slow.
        0xF4,  // hlt
        0xEB, 0xFD,  // jmp to the hlt
    ]
}
