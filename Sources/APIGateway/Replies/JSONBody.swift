import Foundation
import Hummingbird
import Model
import NIOCore

/// The bodies of the resource-style calls: JSON with names in snake_case, and nothing in them that a call does not know.
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

    /// Reads a request's body.
    ///
    /// - Parameter request: the request.
    /// - Returns: what it says.
    /// - Throws: `Failure` with `invalidRequest` that names the field.
    static func read<Body: Decodable>(_ request: Request) async throws(Failure) -> Body {
        do {
            // It was taken in up to the limit before.
            let buffer = try await request.body.collect(upTo: BodyLimit.bytes)
            try StrictJSON.check(Array(buffer.readableBytesView))
            return try JSONDecoder().decode(Body.self, from: Data(buffer.readableBytesView))
        } catch let error as DecodingError {
            throw Failure(.invalidRequest, text(error))
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(.invalidRequest, "the body cannot be read", cause: "\(error)")
        }
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
            return (place.isEmpty ? "the body is no JSON" : "the field \(place)") + ": \(context.debugDescription)"
        @unknown default: return "the body is not of the form that the call takes"
        }
    }

    /// A type in words that say nothing of Swift.
    private static func word(for type: any Any.Type) -> String {
        switch type {
        case is String.Type: "text"
        case is Int.Type: "whole number"
        case is [Any].Type: "list"
        default: "object"
        }
    }
}

extension Decoder {
    /// Refuses fields that are none of these.
    ///
    /// - Parameter names: the names of the fields.
    /// - Throws: `DecodingError`.
    func allow(_ names: [String]) throws {
        let container = try container(keyedBy: FieldName.self)
        guard let unknown = container.allKeys.first(where: { !names.contains($0.stringValue) }) else { return }
        throw DecodingError.dataCorruptedError(
            forKey: unknown,
            in: container,
            debugDescription: "unknown to this call, which takes \(names.sorted().joined(separator: ", "))"
        )
    }
}

/// Any name of a field.
private struct FieldName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }

    init?(intValue: Int) { return nil }
}
