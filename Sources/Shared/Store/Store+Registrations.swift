package import Model
import RedisClient

/// What a process has registered, by which it notices that Redis has lost some of it.
package struct Registrations: Sendable {
    /// Whether there are PMs.
    package var hasMachines = false
    /// The types.
    package var types: [TypeID] = []
    /// The images.
    package var images: [ImageID] = []

    /// Nothing.
    package init() {}
}

extension Store {
    /// Which keys of what was registered are not there (EXISTS of each, in one round trip).
    ///
    /// PMs' own records are not among them: there may be many, and discovery comes to each of them in turn.
    ///
    /// - Parameter registrations: what was registered.
    /// - Returns: the keys.
    /// - Throws: `Failure`.
    package func missing(_ registrations: Registrations) async throws(Failure) -> [String] {
        var wanted = [keys.policy]
        if registrations.hasMachines { wanted += [keys.pms, keys.numbers(of: .pm), keys.discovery] }
        if !registrations.types.isEmpty { wanted += [keys.types, keys.numbers(of: .type)] }
        if !registrations.images.isEmpty { wanted += [keys.images, keys.numbers(of: .image)] }
        wanted += registrations.types.map(keys.type) + registrations.images.map(keys.image)
        return zip(wanted, try await pipeline(wanted.map { ["EXISTS", $0] })).filter { $0.1.int == 0 }.map(\.0)
    }
}
