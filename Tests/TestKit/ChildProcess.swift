package import Foundation
import NIOConcurrencyHelpers

/// A program that a test has started: its output as lines to wait for, signals by process id, a sure end.
///
/// The child is killed and reaped when the object goes, at the latest. It inherits no file but its standard streams,
/// so that tests that run side by side do not hold each other's sockets and pipes open.
package final class ChildProcess: Sendable {
    /// How a process ended.
    package enum Exit: Sendable, Hashable {
        /// It ended by itself with this status.
        case status(Int32)
        /// This signal killed it.
        case signal(Int32)
    }

    /// One line of the child's output.
    package struct Line: Sendable, Hashable {
        /// The streams that a child writes to.
        package enum Stream: Sendable, Hashable {
            /// Standard output.
            case output
            /// Standard error.
            case error
        }

        /// Where it was written.
        package let stream: Stream
        /// The text without the line end; bytes that are not UTF-8 read as U+FFFD.
        package let text: String
    }

    /// The child's process id.
    package let pid: pid_t

    /// How the program is called in errors.
    package let name: String

    private let journal: Journal

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - program: Its path, or a name to look up in PATH.
    ///   - arguments: Its arguments, without its name.
    ///   - environment: Its environment; nil: this process's own.
    ///   - directory: Where it starts; nil: where this process is.
    ///   - input: The file that it reads as standard input.
    /// - Throws: ``TestKitError`` where the program is missing or cannot be started.
    package init(
        _ program: String,
        _ arguments: [String] = [],
        environment: [String: String]? = nil,
        directory: String? = nil,
        input: String = "/dev/null"
    ) throws {
        let output = try Pipe()
        let error = try Pipe()
        let path = try Self.find(program)
        let journal = Journal()
        self.name = program
        self.journal = journal
        self.pid = try Spawn(
            path: path,
            arguments: [program] + arguments,
            environment: environment ?? ProcessInfo.processInfo.environment,
            directory: directory,
            input: input,
            output: output.writeEnd,
            error: error.writeEnd
        ).start()
        output.closeWriteEnd()
        error.closeWriteEnd()
        let pid = self.pid
        let readers = DispatchGroup()
        for (pipe, stream) in [(output, Line.Stream.output), (error, .error)] {
            Self.onThread(readers) { pipe.readLines { journal.add(Line(stream: stream, text: $0)) } }
        }
        Self.onThread(nil) {
            let exit = Self.reap(pid, journal)
            // A grandchild may hold the pipes open: what is not read soon after the end will not be waited for.
            _ = readers.wait(timeout: .now() + 1)
            journal.finish(exit)
        }
    }

    deinit {
        signal(SIGKILL)
    }

    // MARK: Output

    /// All lines so far.
    package var lines: [Line] { journal.lines }

    /// All lines so far as one text.
    package var text: String { journal.lines.map(\.text).joined(separator: "\n") }

    /// Waits for a line, among those that came already and those to come.
    ///
    /// - Parameters:
    ///   - part: What the line contains.
    ///   - limit: How long to wait.
    /// - Returns: The first such line.
    /// - Throws: ``TestKitError`` with the output so far where the line does not come, or the program ends before.
    @discardableResult
    package func waitForLine(containing part: String, within limit: Duration = .seconds(10)) async throws -> String {
        try await waitForLine("a line with \"\(part)\"", within: limit) { $0.text.contains(part) }.text
    }

    /// Waits for a line, among those that came already and those to come.
    ///
    /// - Parameters:
    ///   - what: What is waited for, for the error.
    ///   - limit: How long to wait.
    ///   - predicate: Whether a line is the one.
    /// - Returns: The first such line.
    /// - Throws: ``TestKitError`` with the output so far where the line does not come, or the program ends before.
    package func waitForLine(
        _ what: String,
        within limit: Duration = .seconds(10),
        where predicate: @escaping @Sendable (Line) -> Bool
    ) async throws -> Line {
        let journal = self.journal
        let line: Line?
        do {
            line = try await TestKit.within(limit, what) { try await journal.firstLine(where: predicate) }
        } catch let error as TestKitError {
            throw TestKitError("\(name): \(error); its output:\n\(text)")
        }
        guard let line else { throw TestKitError("\(name) ended without \(what); its output:\n\(text)") }
        return line
    }

    // MARK: End

    /// How the program ended; nil while it runs.
    package var exit: Exit? { journal.exit }

    /// Waits for the program to end.
    ///
    /// - Parameter limit: How long to wait.
    /// - Returns: How it ended.
    /// - Throws: ``TestKitError`` with the output so far where it does not end in time.
    @discardableResult
    package func waitForExit(within limit: Duration = .seconds(10)) async throws -> Exit {
        let journal = self.journal
        do {
            return try await TestKit.within(limit, "the end") { try await journal.end() }
        } catch let error as TestKitError {
            throw TestKitError("\(name): \(error); its output:\n\(text)")
        }
    }

    /// Sends a signal, unless the program has ended.
    ///
    /// - Parameter number: The signal, such as `SIGSTOP`.
    package func signal(_ number: Int32) {
        journal.whileRunning { _ = Foundation.kill(pid, number) }
    }

    /// Ends the program: SIGTERM, and SIGKILL where that does not do.
    ///
    /// - Parameter grace: How long SIGTERM may take.
    /// - Returns: How it ended.
    /// - Throws: ``TestKitError`` where even SIGKILL does not end it.
    @discardableResult
    package func terminate(grace: Duration = .seconds(5)) async throws -> Exit {
        signal(SIGTERM)
        signal(SIGCONT)
        if let exit = try? await waitForExit(within: grace) { return exit }
        return try await kill()
    }

    /// Kills the program with SIGKILL and waits for its end.
    ///
    /// - Returns: How it ended.
    /// - Throws: ``TestKitError`` where it does not end.
    @discardableResult
    package func kill() async throws -> Exit {
        signal(SIGKILL)
        return try await waitForExit()
    }
}

extension ChildProcess {
    /// Finds a program as a shell would.
    ///
    /// - Parameter program: A path, or a name to look up in PATH.
    /// - Returns: Its path.
    /// - Throws: ``TestKitError`` that says what is missing.
    package static func find(_ program: String) throws -> String {
        if program.contains("/") { return program }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"]
        for folder in folders {
            let candidate = "\(folder)/\(program)"
            if access(candidate, X_OK) == 0 { return candidate }
        }
        throw TestKitError(
            "the program \(program) is not in \(folders.joined(separator: ":")): install the package that has it"
        )
    }

    /// The id must not be signalled once it is reaped, so the journal is reported first; between the two the process is a
    /// zombie, whose id the system cannot give to another.
    private static func reap(_ pid: pid_t, _ journal: Journal) -> Exit {
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        journal.noLongerRunning()
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? .status((status >> 8) & 0xFF) : .signal(signal)
    }

    /// Blocking calls have threads of their own, never those of the tests' tasks.
    private static func onThread(_ group: DispatchGroup?, _ work: @escaping @Sendable () -> Void) {
        group?.enter()
        let thread = Thread {
            work()
            group?.leave()
        }
        thread.stackSize = 256 * 1024
        thread.start()
    }
}
