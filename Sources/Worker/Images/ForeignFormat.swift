/// What a file is that is no image for us, by its magic bytes, with what makes an image of it.
struct ForeignFormat {
    /// Words that follow the file's name.
    let reason: String

    /// What converts a disk image of another format.
    static func convert(from format: String) -> String {
        "convert it with `qemu-img convert -f \(format) -O qcow2 OLD NEW.qcow2`, and list the new file"
    }

    /// Names the file; nil for what may be a raw disk.
    init?(_ start: [UInt8], _ bytes: ImageBytes) throws(ImageHeader.Fault) {
        if let known = Self.signatures.first(where: { start.dropFirst($0.offset).starts(with: $0.magic) }) {
            reason = known.reason
        } else if let disk = try Self.byFooter(bytes) {
            reason = disk
        } else if start.dropFirst(257).starts(with: Array("ustar".utf8)) {
            let isAppliance = start.prefix { $0 != 0 }.suffix(4).elementsEqual(Array(".ovf".utf8))
            let name = isAppliance ? "an OVA appliance" : "a tar archive"
            reason = "is \(name): unpack it with `tar -xf`, and \(Self.convert(from: "FORMAT"))"
        } else if let text = Self.text(start) {
            reason = text
        } else if let system = try Self.fileSystem(start, bytes) {
            reason = "is a file system (\(system)) without a boot sector: list the image of a whole disk"
        } else if try Self.isBlank(bytes) {
            reason = "holds only zeros at its start, as a download that is not finished: \(ImageHeader.Fault.copyAnew)"
        } else {
            return nil
        }
    }

    private static let signatures: [(offset: Int, magic: [UInt8], reason: String)] = [
        disk("a VMDK image", "vmdk", Array("KDMV".utf8)),
        disk("a VMDK image", "vmdk", Array("COWD".utf8)),
        disk("a VMDK descriptor", "vmdk", Array("# Disk DescriptorFile".utf8)),
        disk("a VDI image", "vdi", [0x7F, 0x10, 0xDA, 0xBE], at: 64),
        disk("a VHD image", "vpc", Array("conectix".utf8)),
        disk("a VHDX image", "vhdx", Array("vhdxfile".utf8)),
        disk("a QED image", "qed", Array("QED\0".utf8)),
        disk("a Parallels image", "parallels", Array("WithoutFreeSpace".utf8)),
        disk("a Parallels image", "parallels", Array("WithouFreSpacExt".utf8)),
        disk("a Bochs image", "bochs", Array("Bochs Virtual HD Image".utf8)),
        (0, Array("LUKS".utf8) + [0xBA, 0xBE], "is an encrypted disk (LUKS), and there is no key for it: decrypt it"),
        packed("gzip", "gunzip", [0x1F, 0x8B]),
        packed("xz", "xz -d", [0xFD] + Array("7zXZ\0".utf8)),
        packed("zstd", "zstd -d", [0x28, 0xB5, 0x2F, 0xFD]),
        packed("bzip2", "bunzip2", Array("BZh".utf8)),
        packed("lz4", "lz4 -d", [0x04, 0x22, 0x4D, 0x18]),
        packed("lzip", "lzip -d", Array("LZIP".utf8)),
        packed("zip", "unzip", Array("PK\u{3}\u{4}".utf8)),
        packed("7z", "7z x", Array("7z".utf8) + [0xBC, 0xAF, 0x27, 0x1C]),
        packed("rar", "unrar x", Array("Rar!".utf8)),
    ]

    private static func disk(
        _ name: String,
        _ format: String,
        _ magic: [UInt8],
        at offset: Int = 0
    ) -> (offset: Int, magic: [UInt8], reason: String) {
        (offset, magic, "is \(name), not qcow2 or raw: \(convert(from: format))")
    }

    private static func packed(
        _ name: String,
        _ command: String,
        _ magic: [UInt8]
    ) -> (offset: Int, magic: [UInt8], reason: String) {
        (0, magic, "is compressed (\(name)): unpack it with `\(command) FILE`, and list what comes out")
    }

    /// A fixed VHD is a raw disk, boot sector and all, with a footer behind it; a DMG has its header there.
    private static func byFooter(_ bytes: ImageBytes) throws(ImageHeader.Fault) -> String? {
        // Old ones have a footer of 511 bytes.
        for length: Int64 in [512, 511] where try bytes.read(at: bytes.count - length, 8) == Array("conectix".utf8) {
            return "is a VHD image, not qcow2 or raw: \(convert(from: "vpc"))"
        }
        guard try bytes.read(at: bytes.count - 512, 4) == Array("koly".utf8) else { return nil }
        return "is a DMG image, not qcow2 or raw: \(convert(from: "dmg"))"
    }

    /// What stands there in place of the image, where it is text.
    private static func text(_ start: [UInt8]) -> String? {
        let bytes = start.starts(with: [0xEF, 0xBB, 0xBF]) ? start.dropFirst(3) : start[...]
        // The last character may be cut.
        let isText = bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F || [0x09, 0x0A, 0x0C, 0x0D].contains($0) }
        guard isText else { return nil }
        let text = String(decoding: bytes, as: UTF8.self).drop(while: \.isWhitespace).lowercased()
        if text.hasPrefix("version https://git-lfs") {
            return "is a Git LFS pointer, not the file itself: run `git lfs pull` in its repository"
        }
        if text.contains("/annex/objects/") {
            return "is a git-annex pointer, not the file itself: run `git annex get` in its repository"
        }
        if ["<!doctype html", "<html", "<head", "<?xml"].contains(where: text.hasPrefix) {
            return "is a web page, not the file behind it: download it anew with `curl -fLO`, from the file's own URL"
        }
        return "is text, not a disk image: see what it says, and copy the image anew"
    }

    private static func fileSystem(_ start: [UInt8], _ bytes: ImageBytes) throws(ImageHeader.Fault) -> String? {
        if start.starts(with: Array("hsqs".utf8)) { return "squashfs" }
        if start.starts(with: Array("XFSB".utf8)) { return "XFS" }
        let hasBootSector = start.count == 512 && start[510] == 0x55 && start[511] == 0xAA
        if !hasBootSector, try bytes.read(at: 1080, 2) == [0x53, 0xEF] { return "ext4" }
        return try bytes.read(at: 65_600, 8) == Array("_BHRfS_M".utf8) && !hasBootSector ? "btrfs" : nil
    }

    /// True where the first 64 KiB, or all of a shorter file, are zeros.
    private static func isBlank(_ bytes: ImageBytes) throws(ImageHeader.Fault) -> Bool {
        try bytes.read(at: 0, Int(min(bytes.count, 65_536)))?.allSatisfy { $0 == 0 } ?? false
    }
}
