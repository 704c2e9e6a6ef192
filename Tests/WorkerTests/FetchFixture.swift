import Foundation
import Logging
import Model
import TestKit
import Testing

@testable import Worker

/// A machine with images behind a real sshd, whose login shell a test can spoil, and a cache here.
struct FetchFixture {
    let server: SSHServer
    let cache: ImageCache
    let ssh: SSHConfiguration
    let directory: TemporaryDirectory
    /// What stands for the machine's faults: while a file of that name is here, the machine has it.
    private let faults: String

    /// Each command goes to the log; each fault happens once, but for `away`.
    private static func shell(_ faults: String) -> String {
        """
        cd '\(faults)'
        printf '%s\\n' "$SSH_ORIGINAL_COMMAND" >>log
        [ ! -e away ] || exit 255
        [ ! -e noisy ] || { echo; echo 'hvc-image? Welcome!'; printf no-newline; }
        case $SSH_ORIGINAL_COMMAND in
          *'exec dd '*)
            if [ -e slow ]; then sleep 2; fi
            if [ -e cut ]; then rm cut; sh -c "$SSH_ORIGINAL_COMMAND" | head -c 3500000; sleep 1; kill -9 $PPID; exit; fi
            if [ -e spoiled ]; then rm spoiled; sh -c "$SSH_ORIGINAL_COMMAND" | tr A B; exit; fi
            if [ -e touched ]; then sh -c "$SSH_ORIGINAL_COMMAND"; touch "$(cat touched)"; rm touched; exit; fi
            if [ -e stalled ]; then rm stalled; sh -c "$SSH_ORIGINAL_COMMAND" | head -c 2000000; sleep 60; exit; fi ;;
        esac
        exec $(cat sh 2>/dev/null || echo sh) -c "$SSH_ORIGINAL_COMMAND"
        """
    }

    static func with(limit: Int64 = 1 << 30, _ body: (FetchFixture) async throws -> Void) async throws {
        let directory = try TemporaryDirectory(prefix: "fetch")
        let faults = directory.file("there")
        try FileManager.default.createDirectory(atPath: faults, withIntermediateDirectories: false)
        let server = try await SSHServer.started(SSHServer.Options(shell: shell(faults)))
        let fixture = FetchFixture(
            server: server,
            cache: ImageCache(folder: directory.file("cache"), limit: limit),
            ssh: SSHConfiguration(configFile: try server.clientConfig(), controlDirectory: directory.file("s")),
            directory: directory,
            faults: faults
        )
        try await body(fixture)
        try await server.stop()
        directory.remove()
    }

    /// Gives the machine a fault, or takes it away.
    func set(_ fault: String, _ isOn: Bool = true, content: String = "") throws {
        let path = faults + "/" + fault
        if isOn { try write(Array(content.utf8), path) } else { try FileManager.default.removeItem(atPath: path) }
    }

    /// The commands that read the source, each with its first block.
    func reads() throws -> [String] {
        try String(contentsOfFile: faults + "/log", encoding: .utf8).split(separator: "\n").compactMap { line in
            line.firstRange(of: " skip=").map { String(line[$0.upperBound...].prefix { $0.isNumber }) }
        }
    }

    /// Puts an image on the machine: a qcow2 file that ends in many letters A.
    @discardableResult
    func source(
        _ name: String = "disk.raw",
        bytes: Int = 8 << 20,
        letter: Character = "A",
        at time: Int = 1_700_000_000
    )
        throws -> ImageLocation
    {
        var content = [UInt8](repeating: letter.asciiValue ?? 0, count: bytes)
        content.replaceSubrange(0..<512, with: [UInt8](repeating: 0, count: 512))
        (content[510], content[511]) = (0x55, 0xAA)
        let path = try write(content, faults + "/" + name)
        let times = [timespec(tv_sec: time, tv_nsec: 5), timespec(tv_sec: time, tv_nsec: 5)]
        try #require(utimensat(AT_FDCWD, path, times, 0) == 0)
        return .remote(try SSHDestination(server.address), path: path)
    }

    func fetch(_ location: ImageLocation, stallLimit: Duration = .seconds(30)) throws -> ImageFetch {
        guard case .remote(let machine, let path) = location else { throw TestKitError("\(location) lies here") }
        let source = RemoteImage(on: machine, path: path, ssh: ssh, stallLimit: stallLimit)
        return ImageFetch(location: location, source: source, cache: cache)
    }

    /// Fetches an image that nobody else fetches.
    func fetched(
        _ location: ImageLocation,
        stallLimit: Duration = .seconds(30),
        _ report: @escaping @Sendable (ImageFetch.Progress) async -> Void = { _ in }
    ) async throws -> ImageFetch.Result {
        try #require(try await fetch(location, stallLimit: stallLimit).run(report))
    }

    /// Expects that a fetch fails with these words.
    func expectFailure(
        _ location: ImageLocation,
        _ words: String,
        stallLimit: Duration = .seconds(30),
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let fetch = try fetch(location, stallLimit: stallLimit)
        let failure = await #expect(throws: Failure.self, sourceLocation: sourceLocation) {
            _ = try await fetch.run { _ in }
        }
        #expect(
            failure?.description.contains(words) == true,
            "\(failure?.description ?? "")",
            sourceLocation: sourceLocation
        )
    }

    /// Expects that a copy is what the source is.
    func expectWhole(
        _ result: ImageFetch.Result,
        _ location: ImageLocation,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let (here, there) = (result.copy.path, location.path)
        #expect(FileManager.default.contentsEqual(atPath: here, andPath: there), sourceLocation: sourceLocation)
        #expect(!FileManager.default.fileExists(atPath: here + ".part"), sourceLocation: sourceLocation)
        var status = stat()
        #expect(stat(here, &status) == 0 && status.st_mode & 0o777 == 0o600, sourceLocation: sourceLocation)
        #expect(here.hasSuffix("/" + ImageInspection.fingerprint(of: status)), sourceLocation: sourceLocation)
    }
}
