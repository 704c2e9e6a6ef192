import Model
import NIOConcurrencyHelpers
import Subprocess

/// An image's file on another machine, read over ssh by what every host has: sh, stat, dd and sha256sum.
///
/// Each act is an ssh of its own: over a connection that probes share, a fetch would slow them, and end with it.
struct RemoteImage: Sendable {
    /// What shows whether the file has changed.
    struct Status: Hashable, Sendable {
        /// Its length in bytes.
        let size: Int64
        /// When it was changed last, in seconds since 1970.
        let modified: Int64
    }

    let path: String
    private let command: SSHCommand
    /// How long the source may send nothing.
    private let stallLimit: Duration
    /// How long a short answer may take.
    private static let answerLimit = Duration.seconds(30)
    /// How fast a host reads its disk at least, in bytes a second, while it makes a checksum.
    private static let slowestDisk: Int64 = 5 << 20

    init(on machine: SSHDestination, path: String, ssh: SSHConfiguration, stallLimit: Duration = .seconds(60)) {
        var ssh = ssh
        ssh.sharesConnections = false
        command = SSHCommand(destination: machine, configuration: ssh)
        self.path = path
        self.stallLimit = stallLimit
    }

    /// The file's length and time of change there.
    ///
    /// - Throws: `Failure` with `imageUnusable` where it is no file that can be read, or why the machine cannot be asked.
    func status() async throws(Failure) -> Status {
        let words = try await answer(to: .status(of: path), within: Self.answerLimit)
        if words.count == 2, let size = Int64(words[0]), let modified = Int64(words[1]) {
            return Status(size: size, modified: modified)
        }
        switch words.first {
        case "missing": throw unusable("is not there: put it back, or take it out of the image file")
        case "irregular": throw unusable("is no regular file: give the path of a disk image's file")
        case "unreadable": throw unusable("cannot be read: let \(command.destination.user ?? "ssh's user") read it")
        default: throw unusable("cannot be inspected: it has no `stat` that we know")
        }
    }

    /// The file's SHA-256 in hex, made there.
    ///
    /// - Parameter size: its length, by which the time is bounded.
    /// - Returns: 64 digits.
    /// - Throws: `Failure`.
    func checksum(size: Int64) async throws(Failure) -> String {
        let limit = Self.answerLimit + .seconds(size / Self.slowestDisk)
        let words = try await answer(to: .checksum(of: path), within: limit)
        guard let sum = words.first, sum.count == 64, sum.allSatisfy(\.isHexDigit) else {
            throw unusable("has no checksum: install sha256sum (coreutils) there")
        }
        return sum.lowercased()
    }

    /// Reads the file from a block on.
    ///
    /// - Parameters:
    ///   - block: how many blocks of `RemoteScript.blockSize` to leave out.
    ///   - take: called with what comes, in order.
    /// - Throws: `Failure`: what `take` throws, or why it ended before the file did.
    func read(
        fromBlock block: Int64,
        _ take: @escaping @Sendable ([UInt8]) async throws(Failure) -> Void
    ) async throws(Failure) {
        let lastByte = NIOLockedValueBox(ContinuousClock.now)
        let end = ContinuousClock.now + Self.answerLimit
        let arguments = command.run(
            RemoteScript.contents(of: path, fromBlock: block).command,
            isStrict: try await command.mustBeStrict(until: end)
        )
        let result = await withTaskGroup(of: Result<Void, Failure>?.self) { group in
            group.addTask { [command, path] in
                await Self.stream(command, arguments, path: path) { (bytes) throws(Failure) in
                    lastByte.withLockedValue { $0 = .now }
                    try await take(bytes)
                    // However long the reader took: the source did not cause that.
                    lastByte.withLockedValue { $0 = .now }
                }
            }
            group.addTask { [stallLimit] in
                while !Task.isCancelled {
                    let idle = lastByte.withLockedValue { $0 }.duration(to: .now)
                    guard idle < stallLimit else { return nil }
                    try? await Task.sleep(for: min(stallLimit - idle, .seconds(5)))
                }
                return nil
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? nil
        }
        guard !Task.isCancelled else { throw .cancelled }
        guard let result else {
            throw Failure(.deadline, "'\(command.nameText)' sent nothing of '\(path)' for \(stallLimit): see its disk")
        }
        try result.get()
    }

    private static func stream(
        _ command: SSHCommand,
        _ arguments: [String],
        path: String,
        _ take: @escaping @Sendable ([UInt8]) async throws(Failure) -> Void
    ) async -> Result<Void, Failure> {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: ProbeProcess.grace)
        ]
        do {
            let run = try await Subprocess.run(
                .name(command.configuration.executable),
                arguments: Arguments(arguments),
                environment: .inherit.updating(["LC_ALL": "C"]),
                platformOptions: options,
                input: .none,
                output: .sequence,
                error: .bytes(limit: ProbeProcess.outputLimit)
            ) { execution in
                var answer = RemoteAnswer()
                for try await buffer in execution.standardOutput {
                    let bytes = try answer.contents(of: buffer.withUnsafeBytes { Array($0) })
                    if !bytes.isEmpty { try await take(bytes) }
                }
            }
            switch run.terminationStatus {
            case .exited(0): return .success(())
            case .exited(255): return .failure(command.failure(String(decoding: run.standardError, as: UTF8.self)))
            default:
                let said = PrintableText.line(String(decoding: run.standardError, as: UTF8.self), limit: 300)
                let what = "'\(command.nameText)' could not read all of '\(path)': see its disk and its log"
                return .failure(Failure(.machineUnreachable, what, cause: "\(run.terminationStatus); \(said)"))
            }
        } catch let failure as Failure {
            return .failure(failure)
        } catch {
            return .failure(Failure(.internalFault, "ssh could not be run: try again", cause: "\(error)"))
        }
    }

    /// The words behind the mark in what a script prints.
    private func answer(to script: RemoteScript, within limit: Duration) async throws(Failure) -> [Substring] {
        let end = ContinuousClock.now + limit
        let arguments = command.run(script.command, isStrict: try await command.mustBeStrict(until: end))
        let outcome = try await command.checked(command.process(arguments, until: end).run())
        guard case .ended(let status, let output, let errors) = outcome else {
            let advice = "see its load and its disk"
            throw Failure(.deadline, "'\(command.nameText)' did not answer about '\(path)' within \(limit): \(advice)")
        }
        let lines = output.split(separator: "\n").filter { $0.hasPrefix(RemoteScript.mark + " ") }
        guard let line = lines.last else {
            throw Failure(
                .machineUnreachable,
                "'\(command.nameText)' did not run our command: run `\(command.debugText)`",
                cause: "\(status); \(PrintableText.line(errors, limit: 300))"
            )
        }
        return Array(line.split(separator: " ").dropFirst())
    }

    private func unusable(_ what: String) -> Failure {
        Failure(.imageUnusable, "'\(path)' on '\(command.nameText)' \(what)")
    }
}

/// Finds the beginning of a file in what ssh prints: behind the mark on a line of its own.
struct RemoteAnswer {
    private static let start = Array("\n\(RemoteScript.mark)\n".utf8)
    private var noise: [UInt8] = []
    private var hasBegun = false

    /// What of the next bytes belongs to the file.
    ///
    /// - Throws: `Failure` where a login profile prints without end.
    mutating func contents(of bytes: [UInt8]) throws(Failure) -> [UInt8] {
        if hasBegun { return bytes }
        noise += bytes
        if let range = noise.firstRange(of: Self.start) {
            hasBegun = true
            defer { noise = [] }
            return Array(noise[range.upperBound...])
        }
        guard noise.count <= ProbeProcess.outputLimit else {
            throw Failure(.machineUnreachable, "the machine's login profile prints without end: quieten it")
        }
        return []
    }
}
