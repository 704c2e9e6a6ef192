import Foundation
package import Model
package import Placement
import RedisClient

extension Store {
    private static let refusalPage = 1000

    /// The requests that got no place within a time, oldest first, in pages (XRANGE).
    ///
    /// - Returns: the refusals; from when on there is a record of all, in ms since 1970; and the time now.
    package func refusals(
        within window: Duration
    ) async throws(Failure) -> (refusals: [Refusal], since: Int, now: Int) {
        let time = try await send(["TIME"])
        guard let now = time.milliseconds else { throw unexpected(time, from: "TIME") }
        var since = max(now - window.milliseconds, 0)
        let ends = try await pipeline([
            ["XLEN", keys.refusals], ["XRANGE", keys.refusals, "-", "+", "COUNT", "1"],
        ])
        // Where older ones went, nobody knows how many there were.
        if let length = ends[0].int, length >= Self.mostRefusals, let oldest = ends[1].array?.first?.entryTime {
            since = max(since, oldest)
        }
        var found: [Refusal] = []
        var next = "\(since)"
        while true {
            let page = try await send(["XRANGE", keys.refusals, next, "+", "COUNT", Self.refusalPage]).array ?? []
            found += page.compactMap { $0.array?.last?.map.flatMap(Refusal.init) }
            guard page.count == Self.refusalPage, let last = page.last?.array?.first?.string else { break }
            next = "(" + last
        }
        return (found, since, now)
    }

    /// About as many as the script keeps.
    private static let mostRefusals = 10_000
}

extension RESPValue {
    /// The time in the id of a stream's entry, in ms since 1970.
    fileprivate var entryTime: Int? {
        array?.first?.string?.split(separator: "-").first.flatMap { Int($0) }
    }
}

extension Refusal {
    fileprivate init?(_ fields: [String: String]) {
        guard let code = fields["code"], let cpu = fields["cpu"].flatMap({ Int($0) }),
            let ram = fields["ram"].flatMap({ Int($0) }), let disk = fields["disk"].flatMap({ Int($0) })
        else { return nil }
        let miss = fields["miss"].flatMap { text in
            // One that cannot be read says nothing of the remedy; the refusal counts all the same.
            try? JSONDecoder().decode(PlacementExplanation.NearestMiss.self, from: Data(text.utf8))
        }
        self.init(needs: Resources(cpu: cpu, ram: ram, disk: disk), code: code, miss: miss)
    }
}
