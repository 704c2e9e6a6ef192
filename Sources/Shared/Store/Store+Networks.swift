package import Model
import RedisClient

extension Store {
    /// Makes these the networks that requests may name.
    ///
    /// - Parameter networks: the networks file's entries, by the name in requests.
    /// - Throws: `Failure`.
    package func register(networks: [(name: String, network: VMNetwork)]) async throws(Failure) {
        let _: Int = try await run(.registerNetworks, more: networks.flatMap { [$0.name, $0.network.description] })
    }

    /// The networks that requests may name, by name (HGETALL); none where there is no networks file.
    ///
    /// - Throws: `Failure`.
    package func networks() async throws(Failure) -> [(name: String, network: VMNetwork)] {
        let record = try await send(["HGETALL", keys.networks]).record(of: keys.networks) ?? [:]
        let fields = RecordFields(record, key: keys.networks)
        var found: [(name: String, network: VMNetwork)] = []
        for name in record.keys.sorted() {
            found.append((name, try fields.needed(name) { VMNetwork($0) }))
        }
        return found
    }

    /// What a request asks of a VM's place, with its networks and its address.
    ///
    /// - Throws: `Failure` with `invalidRequest` for the name of a network that there is not.
    package func constraints(
        _ placement: PlacementConstraints?,
        networks names: [String]?,
        reservesAddress: Bool
    ) async throws(Failure) -> PlacementConstraints {
        var constraints = placement ?? PlacementConstraints.none
        constraints.networks = try await networks(named: names ?? [])
        constraints.reservesAddress = reservesAddress
        return constraints
    }

    /// What the names of networks in a request stand for; without a networks file, each for libvirt's network of that name.
    ///
    /// - Throws: `Failure` with `invalidRequest` for a name that the networks file does not have.
    package func networks(named names: [String]) async throws(Failure) -> [VMNetwork] {
        guard !names.isEmpty else { return [] }
        let known = Dictionary(try await networks().map { ($0.name, $0.network) }) { first, _ in first }
        var found: [VMNetwork] = []
        for (index, name) in names.enumerated() {
            guard let network = known.isEmpty ? VMNetwork("libvirt/\(name)") : known[name] else {
                throw Failure(
                    .invalidRequest,
                    "there is no network '\(name)': GET /v1/networks lists them",
                    pointer: "/networks/\(index)"
                )
            }
            found.append(network)
        }
        return found
    }
}
