import API
import Foundation
import Hummingbird
import Model
import NIOCore

/// Reads and writes the JSON bodies of the calls under `/v1/`.
enum JSONBody {
    /// A value as a line of JSON.
    ///
    /// - Throws: `Failure` with `internalFault` where it cannot be written: a figure that is no number, say.
    static func bytes(_ value: some Encodable) throws(Failure) -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            var buffer = ByteBuffer(bytes: try encoder.encode(value))
            buffer.writeString("\n")
            return buffer
        } catch {
            throw Failure(.internalFault, "the answer cannot be written as JSON: report this", cause: "\(error)")
        }
    }

    /// A value as JSON that can be changed.
    static func value(_ value: some Encodable) throws(Failure) -> JSONValue {
        do { return try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value)) } catch {
            throw Failure(.internalFault, "the answer cannot be written as JSON: report this", cause: "\(error)")
        }
    }

    /// Reads a request's body, and checks its form and its values.
    ///
    /// JSON is read whatever the content type says: `curl -d` sends another one.
    ///
    /// - Parameters:
    ///   - request: the request.
    ///   - form: the form of the body's type.
    /// - Returns: the body.
    /// - Throws: `Failure` with `invalidRequest` that names the field, and points at it.
    static func read<Body: APIRequest>(_ request: Request, form: Schema) async throws(Failure) -> Body {
        // A body of GET has no meaning (RFC 9110, 9.3.1).
        if request.method == .get, let none = NoBody() as? Body { return none }
        do {
            // It was taken in up to the limit before.
            let buffer = try await request.body.collect(upTo: BodyLimit.bytes(of: request))
            let bytes = Array(buffer.readableBytesView)
            let body = try BytesBody(bytes) as? Body ?? decoded(bytes, form: form)
            try body.validate()
            return body
        } catch let failure as Failure {
            throw failure.pointer == nil ? failure.pointed("") : failure
        } catch {
            throw Failure(.invalidRequest, "the body cannot be read", cause: "\(error)", pointer: "")
        }
    }

    private static func decoded<Body: APIRequest>(_ bytes: [UInt8], form: Schema) throws -> Body {
        guard bytes.contains(where: { !blanks.contains($0) }) else {
            if let none = NoBody() as? Body { return none }
            throw Failure(.invalidRequest, "the body is empty, and so no JSON: send a JSON object", pointer: "")
        }
        try StrictJSON.check(bytes, form: form)
        let data = Data(bytes)
        do {
            // Whoever sends a body with more than a call looks at would believe that it was heeded.
            if Body.self == NoBody.self { _ = try JSONDecoder().decode([String: JSONValue].self, from: data) }
            return try JSONDecoder().decode(Body.self, from: data)
        } catch let error as DecodingError {
            throw failure(error, data)
        }
    }

    private static let blanks: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]

    private static func failure(_ error: DecodingError, _ data: Data) -> Failure {
        switch error {
        case .keyNotFound(let key, let context): fault(context.codingPath + [key]) { "\($0) is missing" }
        case .typeMismatch(let type, let context): fault(context.codingPath) { "\($0) is no \(word(for: type))" }
        case .valueNotFound(_, let context): fault(context.codingPath) { "\($0) is null: give a value" }
        // What the decoder says of text that is no JSON is of no use to anybody; the rest is said by our own types.
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            Failure(
                .invalidRequest,
                data.starts(with: "--".utf8)
                    ? "the body is no JSON but a form: send a JSON object" : "the body is no JSON: correct it",
                pointer: ""
            )
        case .dataCorrupted(let context): fault(context.codingPath) { "\($0): \(context.debugDescription)" }
        @unknown default: fault([]) { "\($0) is not of the form that the call takes" }
        }
    }

    private static func fault(_ path: [any CodingKey], _ text: (String) -> String) -> Failure {
        // An element of a list has the key `Index N`.
        let tokens = path.map { key in
            key.intValue.flatMap { key.stringValue == "Index \($0)" ? "\($0)" : nil } ?? key.stringValue
        }
        let place = path.map(\.stringValue).joined(separator: ".").prefix(80)
        return Failure(
            .invalidRequest,
            text(place.isEmpty ? "the body" : "the field \(place)"),
            pointer: JSONPointer.text(tokens)
        )
    }

    /// A type in words for callers.
    private static func word(for type: any Any.Type) -> String {
        switch type {
        case is String.Type: "text"
        case is Int.Type: "whole number"
        case is [Any].Type: "list"
        default: "object"
        }
    }
}
