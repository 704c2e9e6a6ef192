/// What may be known of a VM's seed disk for as long as there is the VM: nothing of it is secret.
package struct SeedSummary: Hashable, Sendable {
    /// Nil where it follows from the VM's number.
    package var hostname: Hostname?
    /// The fingerprints of the SSH keys (`SHA256:…`, as `ssh-keygen -l` shows them).
    package var sshKeys: [String]
    package var userData: Content?
    package var networkConfig: Content?

    /// A text that is not shown.
    package struct Content: Hashable, Sendable {
        package let bytes: Int
        /// In hexadecimal digits.
        package let sha256: String

        package init(bytes: Int, sha256: String) { (self.bytes, self.sha256) = (bytes, sha256) }
    }

    package init(
        hostname: Hostname? = nil,
        sshKeys: [String] = [],
        userData: Content? = nil,
        networkConfig: Content? = nil
    ) {
        (self.hostname, self.sshKeys) = (hostname, sshKeys)
        (self.userData, self.networkConfig) = (userData, networkConfig)
    }

    /// Whether there is more to the seed than follows from the VM's record.
    package var hasContent: Bool { !sshKeys.isEmpty || userData != nil || networkConfig != nil }
}

/// The form of records, which are read with each VM: quicker than JSON.
extension SeedSummary {
    /// `hostname=web,ssh_key=SHA256:…,user_data=BYTES:SHA256`; the first is always there.
    package var words: String {
        var words = ["hostname=\(hostname?.description ?? "")"]
        words += sshKeys.map { "ssh_key=\($0)" }
        if let userData { words.append("user_data=\(userData.words)") }
        if let networkConfig { words.append("network_config=\(networkConfig.words)") }
        return words.joined(separator: ",")
    }

    /// Reads what `words` has written; nil for anything else.
    ///
    /// It may come from a domain, on which others may have laid hands.
    package init?(words text: String) {
        self.init()
        guard text.hasPrefix("hostname="), text.utf8.count <= 8192 else { return nil }
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            switch parts[0] {
            case "hostname" where parts[1].isEmpty: hostname = nil
            case "hostname":
                guard let name = try? Hostname(String(parts[1])) else { return nil }
                hostname = name
            case "ssh_key":
                guard parts[1].utf8.count == 50, parts[1].utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                    return nil
                }
                sshKeys.append(String(parts[1]))
            case "user_data":
                guard let content = Content(words: parts[1]) else { return nil }
                userData = content
            case "network_config":
                guard let content = Content(words: parts[1]) else { return nil }
                networkConfig = content
            default: return nil
            }
        }
        guard sshKeys.count <= GuestSeed.mostKeys else { return nil }
    }
}

extension SeedSummary.Content {
    fileprivate var words: String { "\(bytes):\(sha256)" }

    fileprivate init?(words: Substring) {
        let parts = words.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let bytes = Int(parts[0]), bytes > 0, parts[1].utf8.count == 64,
            parts[1].allSatisfy(\.isHexDigit)
        else { return nil }
        self.init(bytes: bytes, sha256: String(parts[1]))
    }
}
