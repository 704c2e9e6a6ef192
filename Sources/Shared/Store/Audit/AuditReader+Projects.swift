import Model
import RedisClient

extension AuditReader {
    /// What projects count (HMGET), and whether they are listed (ZSCORE).
    mutating func readProjects(_ recorded: Set<ProjectName>) async throws(Failure) {
        for project in recorded.sorted() {
            let command: RedisCommand = ["HMGET", store.keys.project(project), "vms", "cpu", "ram", "disk"]
            guard
                let counts = try await send(command, type: "hash")?.array?.map({ $0.string.flatMap { Int($0) } ?? 0 }),
                counts.count == 4
            else { continue }
            let score = try await send(["ZSCORE", store.keys.projects, project.description], type: "zset")
            if score?.isNull == true { snapshot.unlistedProjects.insert(project) }
            let needs = Resources(cpu: counts[1], ram: counts[2], disk: counts[3])
            snapshot.projects[project] = ProjectUsage(vms: counts[0], needs: needs)
        }
    }
}
