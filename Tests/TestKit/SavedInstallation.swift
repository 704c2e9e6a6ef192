import Foundation
package import RedisClient

/// An installation as programs of an earlier release left it; Tests/Fixtures/README.md says what is in it.
package struct SavedInstallation: Sendable {
    /// Where the fixtures are.
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    /// How the folder of the installation is written in its files.
    private static let placeholder = "@FOLDER@"

    private let source: URL

    /// Names a saved installation.
    ///
    /// - Parameter schema: the schema of its records.
    package init(schema: Int) {
        source = Self.folder.appending(path: "schema-\(schema)")
    }

    /// The domains of its real hosts, as `virsh dumpxml` shows them, by name.
    package func domains() throws -> [String: String] { try Self.domains(in: source.appending(path: "domains")) }

    /// Domains with each form of our record that was ever written, by the names of their files.
    package static func formsOfRecords() throws -> [String: String] {
        try domains(in: folder.appending(path: "domains"))
    }

    private static func domains(in folder: URL) throws -> [String: String] {
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return Dictionary(
            uniqueKeysWithValues: try files.map {
                ($0.deletingPathExtension().lastPathComponent, try String(contentsOf: $0, encoding: .utf8))
            }
        )
    }

    /// Writes its files into a folder, with an image where they say that one is.
    ///
    /// - Parameter folder: the folder that stands for the one in which it ran.
    /// - Returns: its settings, by name.
    /// - Throws: where a file cannot be read or written.
    package func writeFiles(to folder: String) throws -> [String: String] {
        let files = source.appending(path: "files")
        for name in try FileManager.default.contentsOfDirectory(atPath: files.path()) {
            try text(of: files.appending(path: name), in: folder)
                .write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        }
        let images = "\(folder)/images"
        try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
        // A boot sector that halts, and nothing behind it.
        let sector: [UInt8] = [0xFA, 0xF4, 0xEB, 0xFD] + [UInt8](repeating: 0, count: 506) + [0x55, 0xAA]
        let image = sector + [UInt8](repeating: 0, count: (1 << 20) - sector.count)
        try Data(image).write(to: URL(filePath: "\(images)/halt.img"))
        let lines = try text(of: files.appending(path: "settings"), in: folder).split(separator: "\n")
        return Dictionary(
            uniqueKeysWithValues: lines.compactMap { line in
                line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[line.index(after: $0)...])) }
            }
        )
    }

    /// The commands that make its keyspace.
    ///
    /// - Parameters:
    ///   - folder: the folder that stands for the one in which it ran.
    ///   - age: how long ago it was left; what is due later than that is still due.
    /// - Returns: the commands.
    /// - Throws: where the file cannot be read.
    package func commands(in folder: String = "/nonexistent", leftAgo age: Duration = .seconds(60)) throws -> [[String]]
    {
        let lines = try text(of: source.appending(path: "redis.jsonl"), in: folder).split(separator: "\n")
        let commands = try lines.map { try JSONDecoder().decode([String].self, from: Data($0.utf8)) }
        let now = Int(Date.now.timeIntervalSince1970 * 1000)
        let clock = Clock(offset: now - Int(age / .milliseconds(1)) - Clock.lastEvent(of: commands))
        return commands.map { $0.map(clock.moved) }
    }

    /// Loads it into an empty Redis.
    ///
    /// - Parameters:
    ///   - redis: the Redis.
    ///   - folder: the folder that stands for the one in which it ran.
    ///   - age: how long ago it was left.
    /// - Throws: where the file cannot be read, or Redis refuses a command.
    package func load(
        into redis: RedisClient,
        in folder: String = "/nonexistent",
        leftAgo age: Duration = .seconds(60)
    ) async throws {
        let commands = try commands(in: folder, leftAgo: age)
        let results = try await redis.pipeline(
            commands.map { RedisCommand($0[0], arguments: $0.dropFirst().map(\.redisArgument)) }
        )
        for result in results { _ = try result.get() }
    }

    private func text(of file: URL, in folder: String) throws -> String {
        try String(contentsOf: file, encoding: .utf8).replacing(Self.placeholder, with: folder)
    }

    /// Moves times: those for people, and milliseconds since 1970 where they are scores and fields.
    private struct Clock {
        let offset: Int

        private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

        /// When the last event came, in ms since 1970.
        static func lastEvent(of commands: [[String]]) -> Int {
            let events = commands.filter { $0.first == "XADD" && $0.count > 2 }
            return events.compactMap { Int($0[2].prefix { $0 != "-" }) }.max() ?? 0
        }

        func moved(_ word: String) -> String {
            word.replacing(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) { match in
                guard let time = try? Self.style.parse(String(match.output)) else { return String(match.output) }
                return time.addingTimeInterval(Double(offset) / 1000).formatted(Self.style)
            }.replacing(/\b1[78]\d{11}\b/) { match in
                Int(match.output).map { String($0 + offset) } ?? String(match.output)
            }
        }
    }
}
