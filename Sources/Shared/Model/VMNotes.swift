/// What the owner of a VM says of it beside its name: it changes nothing about the VM.
package struct VMNotes: Hashable, Sendable {
    /// Words by which VMs are found, by key.
    package var labels: [String: String]
    /// Nil for none.
    package var description: String?

    package static let none = VMNotes()
    package static let mostLabels = 32
    package static let longestDescription = 1024

    package init(labels: [String: String] = [:], description: String? = nil) {
        self.labels = labels
        self.description = description.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Refuses labels and descriptions that are not taken.
    ///
    /// - Throws: `Failure` with `invalidRequest`.
    package func validate() throws(Failure) {
        guard labels.count <= Self.mostLabels else {
            throw Failure(
                .invalidRequest,
                "there are \(labels.count) labels: give up to \(Self.mostLabels)",
                pointer: "/labels"
            )
        }
        for (key, value) in labels.sorted(by: { $0.key < $1.key }) {
            try Failure.at("labels", key, check: try Label.validate(key))
            try Failure.at("labels", key, check: try Label.validate(value))
        }
        if let description { try Failure.at("description", check: try Self.validate(description: description)) }
    }

    private static func validate(description: String) throws(Failure) {
        guard description.utf8.count <= longestDescription else {
            let length = description.utf8.count
            throw Failure(
                .invalidRequest,
                "description is \(length) bytes long: at most \(longestDescription) are taken"
            )
        }
        // Each line is as a name is: it stands in XML, in terminals and on pages.
        let breaks: Set<Unicode.Scalar> = ["\n", "\u{B}", "\u{C}", "\r", "\u{85}", "\u{2028}", "\u{2029}"]
        try VMName.refuse(description.unicodeScalars.lazy.filter { !breaks.contains($0) }, in: "description")
    }

    /// The labels as `key=value` with commas between, sorted; neither may have one of the two characters.
    package var labelWords: String {
        labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    /// Reads what `labelWords` has written; nil for anything else.
    package static func labels(words: String) -> [String: String]? {
        var labels: [String: String] = [:]
        for word in words.split(separator: ",") {
            let parts = word.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, labels.updateValue(parts[1], forKey: parts[0]) == nil else { return nil }
        }
        do throws(Failure) { try VMNotes(labels: labels).validate() } catch { return nil }
        return labels
    }
}
