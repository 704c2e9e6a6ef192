import struct Foundation.UUID

/// What distinguishes an accepted job from any other, whatever its number: made at random by whoever asks for the job.
///
/// Numbers begin anew in a Redis that lost its data, and repeat in one that went back; a nonce never does.
package struct JobNonce: Hashable, Sendable {
    /// As the job's record and events have it.
    package let text: String

    /// Makes a new one.
    package init() { text = UUID().uuidString.lowercased() }

    /// Takes one from a record or an event; nil where the job has none, since nobody asked for it.
    ///
    /// - Parameter text: as the record or the event has it.
    package init?(_ text: String?) {
        guard let text, !text.isEmpty else { return nil }
        self.text = text
    }
}
