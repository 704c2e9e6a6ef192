/// Public keys in a file of the form of `authorized_keys`: one in a line, empty lines and comments between.
package enum AuthorizedKeys {
    /// Reads the keys.
    ///
    /// - Parameter text: the file's content.
    /// - Returns: the keys, in their order, each once.
    /// - Throws: `Failure` with `invalidRequest` that names the line.
    package static func read(_ text: String) throws(Failure) -> [SSHPublicKey] {
        var keys: [SSHPublicKey] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let words = line.drop { $0 == " " || $0 == "\t" }
            guard let first = words.first, first != "#" else { continue }
            do throws(Failure) {
                let key = try SSHPublicKey(String(words))
                if !keys.contains(where: { $0.blob == key.blob }) { keys.append(key) }
            } catch {
                throw Failure(error.code, "line \(index + 1): \(error.message)")
            }
        }
        guard keys.count <= GuestSeed.mostKeys else {
            throw Failure(.invalidRequest, "it has \(keys.count) keys: up to \(GuestSeed.mostKeys) are taken")
        }
        return keys
    }
}
