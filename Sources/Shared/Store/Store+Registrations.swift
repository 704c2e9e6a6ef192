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

/// What Redis still holds of what a process has registered.
package struct RegistrationCheck: Sendable {
    /// When something was registered for the first time since Redis was empty; nil where it is empty.
    package let beganAt: String?
    /// The keys that are not there.
    package let missing: [String]
}

extension Store {
    /// Checks that what was registered is there: one EXISTS of all keys, and one of each only where some are missing.
    ///
    /// PMs' own records are not among them: there may be many, and discovery comes to each of them in turn.
    ///
    /// - Parameter registrations: what was registered.
    /// - Returns: since when Redis holds something of ours, and the keys that are missing.
    /// - Throws: `Failure`.
    package func check(_ registrations: Registrations) async throws(Failure) -> RegistrationCheck {
        let wanted = keys(of: registrations)
        let replies = try await pipeline([
            ["HGET", keys.counters, "began_at"], RedisCommand("EXISTS", arguments: wanted.map(\.redisArgument)),
            ["EXISTS", keys.discovery, keys.discoveryDown],
        ])
        // Each listed PM is in one of the two.
        let isScheduled = !registrations.hasMachines || replies[2].int != 0
        guard replies[1].int != wanted.count || !isScheduled else {
            return RegistrationCheck(beganAt: replies[0].string, missing: [])
        }
        let each = try await pipeline(wanted.map { ["EXISTS", $0] })
        return RegistrationCheck(
            beganAt: replies[0].string,
            missing: zip(wanted, each).filter { $0.1.int == 0 }.map(\.0) + (isScheduled ? [] : [keys.discovery])
        )
    }

    private func keys(of registrations: Registrations) -> [String] {
        var wanted = [keys.policy]
        if registrations.hasMachines { wanted += [keys.pms, keys.numbers(of: .pm)] }
        if !registrations.types.isEmpty { wanted += [keys.types, keys.numbers(of: .type)] }
        if !registrations.images.isEmpty { wanted += [keys.images, keys.numbers(of: .image)] }
        return wanted + registrations.types.map(keys.type) + registrations.images.map(keys.image)
    }
}
