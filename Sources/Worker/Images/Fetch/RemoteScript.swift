/// A command for another machine that is about one file there, in whose path nothing is taken for anything but a path.
///
/// sshd hands it to the user's login shell, which may be sh, csh or fish: these agree on single quotes around text with
/// neither quotes, exclamation marks nor doubled backslashes in it. Within, /bin/sh reads the path from octal numbers.
struct RemoteScript {
    /// What stands before the answer; what login profiles print comes before it.
    static let mark = "hvc-image"

    /// The command as one text.
    let command: String

    /// - Parameters:
    ///   - path: the file's path; a relative one begins at the user's home.
    ///   - script: what /bin/sh is to run, with the path in `$p`; without single quotes.
    init(path: String, _ script: String) {
        let full = path.hasPrefix("/") ? path : "./" + path
        let octal = full.utf8.map { byte in
            Self.isPlain(byte) ? String(UnicodeScalar(byte)) : "\\0" + Self.octal(byte)
        }
        command = "/bin/sh -c 'p=$(printf %b \"\(octal.joined())\"); \(script)'"
    }

    /// Prints the file's length and the second of its last change, or why it is none (GNU and BusyBox, then BSD).
    static func status(of path: String) -> RemoteScript {
        RemoteScript(
            path: path,
            """
            printf "\\n%s " \(mark); if [ -f "$p" ] && [ -r "$p" ]; then stat -L -c "%s %Y" "$p" 2>/dev/null \
            || stat -L -f "%z %m" "$p"; elif [ -f "$p" ]; then echo unreadable; elif [ -e "$p" ]; \
            then echo irregular; else echo missing; fi
            """
        )
    }

    /// Prints the file's SHA-256 in hex, by whichever program is there.
    static func checksum(of path: String) -> RemoteScript {
        RemoteScript(
            path: path,
            """
            printf "\\n%s " \(mark); (sha256sum || shasum -a 256 || openssl dgst -sha256 -r) <"$p" 2>/dev/null
            """
        )
    }

    /// Prints the file's bytes from a block on.
    static func contents(of path: String, fromBlock block: Int64) -> RemoteScript {
        RemoteScript(path: path, "printf \"\\n%s\\n\" \(mark); exec dd if=\"$p\" bs=\(blockSize) skip=\(block)")
    }

    /// In which a fetch goes on: `dd` skips whole blocks alone, everywhere.
    static let blockSize: Int64 = 1 << 20

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func octal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 8)
        return String(repeating: "0", count: 3 - digits.count) + digits
    }
}
