import Model
import Store

/// The types of events that a reader wants: all, or those that it names, `vm.*` for all that begin with `vm.`.
struct EventTypes: Sendable {
    private let names: Set<String>
    private let prefixes: [String]

    private static let most = 32

    /// Reads `types=job.finished,vm.*`; all types where it is nil.
    init(_ text: String?) throws(Failure) {
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

    /// Whether an event is wanted.
    func contains(_ event: StoreEvent) -> Bool {
        names.isEmpty && prefixes.isEmpty || names.contains(event.type)
            || prefixes.contains { event.type.hasPrefix($0) }
    }
}
