import Foundation

extension PlacementConstraints {
    /// One line of JSON, as records and the queue have it.
    package var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// Reads such a line; nil where it is none, or names what may not be named.
    ///
    /// - Parameter json: the line.
    package init?(json: String) {
        guard !json.isEmpty, let read = try? JSONDecoder().decode(Self.self, from: Data(json.utf8)),
            (try? read.validate()) != nil
        else { return nil }
        self = read
    }

    /// The groups as `name=rule,…`, as records have them for scripts.
    package var groupWords: String {
        groups.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.rawValue)" }.joined(separator: ",")
    }
}
