import TestKit
import Testing

@testable import Worker

@Suite("What an inventory reads anew")
struct ReadingCacheTests {
    private typealias Cache = ReadingCache<Int, String, Int>

    /// Reads what a round says, and says how much that was.
    private func round(_ cache: inout Cache, _ world: [Int: (stamp: String, value: Int)]) -> Set<Int> {
        let due = cache.beginRound(world.mapValues(\.stamp))
        for key in due {
            guard let thing = world[key] else { continue }
            cache.keep(thing.value, of: key, stamp: thing.stamp)
        }
        return due
    }

    @Test("All is read the first time, then only so many, and each in its turn")
    func turns() {
        var cache = Cache(rereads: 8)
        let world = Dictionary(uniqueKeysWithValues: (0..<100).map { ($0, (stamp: "a", value: $0)) })
        #expect(round(&cache, world).count == 100)
        var seen: Set<Int> = []
        for _ in 0..<13 {
            let due = round(&cache, world)
            #expect(due.count == 8)
            seen.formUnion(due)
        }
        #expect(seen.count == 100)
    }

    @Test("What is new, has changed or was reported is read at once, and what is missing is forgotten")
    func changes() {
        var cache = Cache(rereads: 0)
        var world = Dictionary(uniqueKeysWithValues: (0..<5).map { ($0, (stamp: "a", value: $0)) })
        _ = round(&cache, world)
        #expect(round(&cache, world).isEmpty)
        world[7] = ("a", 7)
        world[1] = ("b", 11)
        world[4] = nil
        cache.forget(2)
        #expect(round(&cache, world) == [7, 1, 2])
        #expect(cache[1] == 11 && cache[7] == 7 && cache[4] == nil)
        cache.forgetAll()
        #expect(round(&cache, world).count == 5)
    }

    @Test("What is known is right where a change shows, and at most some rounds old where none does", arguments: 0..<50)
    func staleness(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var cache = Cache(rereads: 3)
        var world: [Int: (stamp: String, value: Int)] = [:]
        /// When each last changed in silence.
        var changed: [Int: Int] = [:]
        for number in 1...200 {
            let key = Int.random(in: 0..<20, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: (world[key], changed[key]) = (nil, nil)
            case 1: (world[key], changed[key]) = (("\(number)", number), nil)
            case 2: if let known = world[key] { (world[key], changed[key]) = ((known.stamp, number), number) }
            default: break
            }
            _ = round(&cache, world)
            for (key, thing) in world where cache[key] != thing.value {
                #expect(number - (changed[key] ?? number) < 8, "\(key) is outdated in round \(number)")
            }
            #expect((0..<20).allSatisfy { world[$0] != nil || cache[$0] == nil })
        }
    }
}
