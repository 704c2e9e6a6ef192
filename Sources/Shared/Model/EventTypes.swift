/// The types of events that a reader wants: all, or those that it names, `vm.*` for all that begin with `vm.`.
package struct EventTypes: Hashable, Sendable {
    private let names: Set<String>
    private let prefixes: [String]

    package static let most = 32

    /// Reads `job.finished,vm.*`; all types where it is nil.
    package init(_ text: String?) throws(Failure) {
        let words = (text ?? "").split(separator: ",").map(String.init)
        let isPlain = words.allSatisfy { word in
            word.utf8.allSatisfy { (0x61...0x7A).contains($0) || "._*".utf8.contains($0) }
                && !word.dropLast().contains("*")
        }
        guard isPlain, words.count <= Self.most, text == nil || !words.isEmpty else {
            throw Failure(
                .invalidRequest,
                "types is no list of up to \(Self.most) types with commas between, such as job.finished,vm.*"
            )
        }
        names = Set(words.filter { !$0.hasSuffix("*") })
        prefixes = words.filter { $0.hasSuffix("*") }.map { String($0.dropLast()) }
    }

    /// Whether events of a type are wanted.
    package func contains(_ type: String) -> Bool {
        names.isEmpty && prefixes.isEmpty || names.contains(type) || prefixes.contains { type.hasPrefix($0) }
    }
}
