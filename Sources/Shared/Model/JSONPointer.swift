/// Places in JSON documents (RFC 6901).
package enum JSONPointer {
    /// No pointer is longer than this many bytes: names in a body can have any length.
    package static let longest = 256

    /// The pointer to the value that is reached by these names and indexes; to one around it where that would be too long.
    package static func text(_ tokens: [String]) -> String {
        var text = ""
        for token in tokens {
            let step = "/" + token.replacing("~", with: "~0").replacing("/", with: "~1")
            guard text.utf8.count + step.utf8.count <= longest else { break }
            text += step
        }
        return text
    }
}

extension Failure {
    /// Checks a value of a body, so that a failure points at the place where it stands.
    ///
    /// - Parameters:
    ///   - tokens: the names and indexes by which the value is reached.
    ///   - check: the check.
    /// - Returns: what the check returns.
    /// - Throws: what the check throws, with the place.
    package static func at<Value>(
        _ tokens: String...,
        check: @autoclosure () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        do throws(Failure) { return try check() } catch { throw error.pointed(JSONPointer.text(tokens)) }
    }

    /// The same failure, about what this pointer leads to.
    package func pointed(_ outer: String) -> Failure {
        Failure(code, message, cause: cause, pointer: outer + (pointer ?? ""))
    }
}
