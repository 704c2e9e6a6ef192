import Foundation

/// A text that is no JSON.
package struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong with it, and where.
    package let reason: String

    package var description: String { "it is no JSON: \(reason)" }
}

extension JSONValue {
    /// Reads a text (RFC 8259) by `JSONSerialization`: a decoder would try type after type at each value.
    package init(parsing bytes: [UInt8]) throws(JSONSyntaxError) {
        let value: Any
        do { value = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed) } catch {
            throw JSONSyntaxError(reason: "\((error as NSError).userInfo["NSDebugDescription"] ?? error)")
        }
        try self.init(read: value)
    }

    private init(read value: Any) throws(JSONSyntaxError) {
        // Casts to text are the slowest ones, and come last.
        switch value {
        case let values as [String: Any]:
            var members: [String: JSONValue] = [:]
            members.reserveCapacity(values.count)
            for (name, value) in values { members[name] = try JSONValue(read: value) }
            self = .object(members)
        case let values as [Any]:
            var items: [JSONValue] = []
            items.reserveCapacity(values.count)
            for value in values { items.append(try JSONValue(read: value)) }
            self = .array(items)
        case let number as NSNumber: self = try Self.number(number)
        case let text as String: self = .string(text)
        default: self = .null
        }
    }

    private static func number(_ number: NSNumber) throws(JSONSyntaxError) -> JSONValue {
        // The types of C: c is a char, which stands for true and false.
        switch UInt8(bitPattern: number.objCType.pointee) {
        case UInt8(ascii: "c"), UInt8(ascii: "B"): return .boolean(number.boolValue)
        case UInt8(ascii: "d"), UInt8(ascii: "f"): break
        default: if let integer = Int(exactly: number) { return .integer(integer) }
        }
        guard number.doubleValue.isFinite else { throw JSONSyntaxError(reason: "\(number) is too large a number") }
        return .number(number.doubleValue)
    }
}
