import Foundation
import Model
import RedisClient
import TestKit
import Testing

@Suite("What earlier releases left")
struct SavedInstallationTests {
    @Test("A saved installation has VMs and jobs in every state", arguments: [0])
    func everyState(schema: Int) async throws {
        let server = try await RedisServer.started()
        let redis = RedisClient(configuration: server.configuration)
        try await SavedInstallation(schema: schema).load(into: redis)
        func states(_ kind: String) async throws -> Set<String> {
            var found: Set<String> = []
            for key in try await redis.send(["KEYS", "hvc:\(kind):*"]).strings ?? []
            where key.wholeMatch(of: /hvc:[a-z]+:\d+/) != nil {
                if let state = try await redis.send(["HGET", key, "state"]).string { found.insert(state) }
            }
            return found
        }
        #expect(try await states("vm") == Set(VMState.allCases.map(\.rawValue)))
        #expect(try await states("job") == Set(Job.State.allCases.map(\.rawValue)))
        #expect(try await states("pm") == ["up", "alias", "unknown"])
        await redis.shutdown()
        try await server.stop()
    }
}
