/// A path with places for values, such as `/v1/pms/{id}:cordon`.
package struct PathTemplate: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// A place for a value ends at a slash or a colon: what follows a colon is an action.
    private struct Segment: Hashable, Sendable {
        let parameter: String?
        /// What stands there, or behind the value.
        let text: String
    }

    package let description: String
    private let segments: [Segment]

    package init(stringLiteral text: String) {
        description = text
        segments = text.split(separator: "/").map { part in
            guard part.first == "{", let end = part.firstIndex(of: "}") else {
                return Segment(parameter: nil, text: String(part))
            }
            let name = part[part.index(after: part.startIndex)..<end]
            return Segment(parameter: String(name), text: String(part[part.index(after: end)...]))
        }
    }

    /// The names of the values.
    package var parameters: [String] { segments.compactMap(\.parameter) }

    /// Whether a request's path is one of these.
    package func matches(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        return parts.count == segments.count
            && zip(parts, segments).allSatisfy { part, segment in
                guard segment.parameter != nil else { return part == segment.text }
                let value = part.dropLast(segment.text.count)
                return part.hasSuffix(segment.text) && !value.isEmpty && !value.contains(":")
            }
    }

    /// The path of one object, with the value in each place; it must not contain characters with a meaning in paths.
    package func filled(with value: some CustomStringConvertible) -> String {
        segments.reduce(into: "") { path, segment in
            path += "/" + (segment.parameter == nil ? "" : value.description) + segment.text
        }
    }

    /// The path with a value for each place, in their order; places without one stay empty.
    package func filled(with values: [String]) -> String {
        var values = values[...]
        return segments.reduce(into: "") { path, segment in
            path += "/" + (segment.parameter == nil ? "" : values.popFirst() ?? "") + segment.text
        }
    }
}
