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
    /// - Parameters:
    ///   - request: the request.
    ///   - form: the form of the body's type.
    /// - Returns: the body.
    /// - Throws: `Failure` with `invalidRequest` that names the field.
    static func read<Body: APIRequest>(_ request: Request, form: Schema) async throws(Failure) -> Body {
        if let none = NoBody() as? Body { return none }
        let body: Body
        do {
            // It was taken in up to the limit before.
            let buffer = try await request.body.collect(upTo: BodyLimit.bytes)
            try StrictJSON.check(Array(buffer.readableBytesView), form: form)
            body = try JSONDecoder().decode(Body.self, from: Data(buffer.readableBytesView))
        } catch let error as DecodingError {
            throw Failure(.invalidRequest, text(error))
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(.invalidRequest, "the body cannot be read", cause: "\(error)")
        }
        try body.validate()
        return body
    }

    private static func text(_ error: DecodingError) -> String {
        func name(_ path: [any CodingKey]) -> String {
            path.map(\.stringValue).joined(separator: ".").prefix(80).description
        }
        switch error {
        case .keyNotFound(let key, let context): return "the field \(name(context.codingPath + [key])) is missing"
        case .typeMismatch(let type, let context):
            let place = name(context.codingPath)
            return place.isEmpty ? "the body is no object" : "the field \(place) is no \(word(for: type))"
        case .valueNotFound(_, let context):
            let place = name(context.codingPath)
            return place.isEmpty ? "the body is no object" : "the field \(place) is null: give a value"
        case .dataCorrupted(let context):
            let place = name(context.codingPath)
            // What the decoder says of text that is no JSON is of no use to anybody; the rest is said by our own types.
            return place.isEmpty ? "the body is no JSON: correct it" : "the field \(place): \(context.debugDescription)"
        @unknown default: return "the body is not of the form that the call takes"
        }
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
