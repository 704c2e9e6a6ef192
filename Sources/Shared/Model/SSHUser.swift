/// Names of users as Unix and directory services have them.
///
/// `root`, `a.b-c_d`, `node7$` (a machine account), `CORP\alice` and `CORP+alice` (winbind), `alice@corp.example.org` (sssd).
enum SSHUser {
    /// What stands in a URI's user as it is (RFC 3986, `userinfo`); libvirt reads all else from its percent form.
    static let plainCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-$+"

    /// Says what is wrong with a name.
    ///
    /// - Parameter user: the name.
    /// - Returns: the fault, as what follows the name in a message; nil where it is one.
    static func fault(of user: String) -> String? {
        let hint = "write [user@]host[:port], a user as root, CORP\\alice or alice@corp.example.org"
        if user.contains(":") { return "is no user name; a password has no place here, ssh takes keys: \(hint)" }
        let parts = user.split(separator: "@", omittingEmptySubsequences: false)
        if parts.count > 2 { return "is no user name; \(hint)" }
        if parts.count == 2, !isRealm(parts[1]) {
            return "is no user name, for '\(parts[1])' is no domain with a dot; \(hint)"
        }
        return isAccount(parts[0]) ? nil : "is no user name; \(hint)"
    }

    /// `[DOMAIN\]name[$]`.
    private static func isAccount(_ text: Substring) -> Bool {
        let parts = text.split(separator: "\\", omittingEmptySubsequences: false)
        guard parts.count <= 2, let last = parts.last, text.utf8.count <= 256 else { return false }
        let name = last.hasSuffix("$") ? last.dropLast() : last
        return isName(name, also: "._-+") && (parts.count == 1 || isName(parts[0], also: "._-"))
    }

    /// A realm is recognised by its dot, as a host would be: `a@b@c` is more likely a slip.
    private static func isRealm(_ text: Substring) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return labels.count > 1 && text.utf8.count <= 253 && labels.allSatisfy { isName($0, also: "_-") }
    }

    /// True for ASCII letters and digits, and `also` but not first: no leading dash that ssh could take for an option.
    static func isName(_ text: Substring, also extra: String) -> Bool {
        guard let first = text.first, first.isASCII, first.isLetter || first.isNumber || first == "_" else {
            return false
        }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || extra.contains($0)) }
    }
}
