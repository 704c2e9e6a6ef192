import API
import Digest
import Foundation
import Model
import Store

/// A message as the receiver gets it, in the form of Standard Webhooks.
struct WebhookMessage: Hashable, Sendable {
    let url: String
    let id: String
    let body: String
    let secret: WebhookSecret

    /// The headers, for an attempt at this time.
    ///
    /// The signature covers id, time and body, so that a receiver can refuse what it has had or what is old.
    ///
    /// - Throws: `Failure` with `internalFault` where libcrypto has no SHA-256.
    func headers(at time: Date) throws(Failure) -> [(name: String, value: String)] {
        let seconds = Int(time.timeIntervalSince1970)
        guard let signature = HMACSHA256(of: "\(id).\(seconds).\(body)", key: secret.bytes) else {
            throw Failure(.internalFault, "libcrypto has no SHA-256: see the OpenSSL configuration of this machine")
        }
        return [
            ("content-type", "application/json"), ("webhook-id", id), ("webhook-timestamp", "\(seconds)"),
            ("webhook-signature", "v1," + Data(signature.bytes).base64EncodedString()),
        ]
    }
}

/// What a message says.
struct WebhookBody: Encodable {
    let webhook: WebhookID
    let kind: WebhookDelivery.Kind
    let items: [EventResponse]

    private enum CodingKeys: String, CodingKey {
        case kind, items
        case webhook = "webhook_id"
    }

    /// The longest body, unless one event alone is longer.
    private static let limit = 32 * 1024
    /// How many events a message has at most.
    static let mostEvents = 100
    /// The longest text, in bytes, in an event that alone is longer than a body may be.
    private static let longestText = 500

    /// The same bytes at each attempt.
    ///
    /// - Throws: `Failure` with `internalFault` where it cannot be written.
    func text() throws(Failure) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return String(decoding: try encoder.encode(self), as: UTF8.self) } catch {
            throw Failure(.internalFault, "a message to a webhook cannot be written: report this", cause: "\(error)")
        }
    }

    /// How many of the first events fit into a message: one at least.
    static func fitting(_ events: [StoreEvent]) -> Int {
        var size = 0
        let count = events.prefix(mostEvents).prefix { event in
            size += Self.size(of: event)
            return size <= limit
        }.count
        return max(1, min(count, events.count))
    }

    /// How long an event may become.
    private static func size(of event: StoreEvent) -> Int {
        // An event has some names and quotes of its own, and each field some.
        event.fields.reduce(200) { size, field in
            field.value.utf8.reduce(size + field.key.utf8.count + 10) { $0 + ($1 < 0x20 ? 6 : 2) }
        }
    }

    /// The events as they are sent.
    static func items(_ events: [StoreEvent]) -> [EventResponse] {
        events.map { event in
            EventResponse(
                id: event.id.description,
                type: event.type,
                at: Date(timeIntervalSince1970: Double(event.id.milliseconds) / 1000).formatted(Self.time),
                fields: size(of: event) <= limit
                    ? event.fields
                    : event.fields.mapValues { String(decoding: $0.utf8.prefix(longestText), as: UTF8.self) }
            )
        }
    }

    private static let time = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}
