import Model
import NIOConcurrencyHelpers
import Subprocess

/// Runs scripts on a PM, over the ssh connection that probes of it share, and takes what they print as it comes.
final class RemoteShell: Sendable {
    /// Where the PM is; nil for this machine.
    private let command: SSHCommand?
    /// Whether host keys are checked against ssh_config's word; nil before ssh was asked.
    private let isStrict = NIOLockedValueBox<Bool?>(nil)

    /// - Parameters:
    ///   - destination: where the PM is; nil for this machine.
    ///   - configuration: how ssh is called.
    init(to destination: SSHDestination?, configuration: SSHConfiguration) {
        command = destination.map { destination in
            var configuration = configuration
            configuration.executable = destination.options.command ?? configuration.executable
            return SSHCommand(destination: destination, configuration: configuration)
        }
    }

    /// What people call the PM.
    var name: String { command.map { "'\($0.nameText)'" } ?? "this machine" }

    /// Runs a script.
    ///
    /// - Parameters:
    ///   - script: it prints `RemoteScript.mark` on a line of its own before all else.
    ///   - limit: how long it may take.
    ///   - take: called with what comes behind the mark, in order.
    /// - Returns: how it ended.
    /// - Throws: `Failure`: what `take` throws, or why the script did not run.
    func run(
        _ script: RemoteScript,
        within limit: Duration,
        _ take: @escaping @Sendable ([UInt8]) async throws(Failure) -> Void
    ) async throws(Failure) -> TerminationStatus {
        let (program, arguments) = try await program(for: script, within: limit)
        let result = await withTaskGroup(of: Result<TerminationStatus, Failure>?.self) { group in
            group.addTask { [self] in
                do throws(Failure) { return .success(try await stream(program, arguments, take)) } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                // A cancelled sleep ends the wait.
                try? await Task.sleep(for: limit)
                return nil
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? nil
        }
        guard !Task.isCancelled else { throw .cancelled }
        guard let result else {
            throw Failure(.deadline, "\(name) did not send its consoles within \(limit): see its load and its disk")
        }
        return try result.get()
    }

    private func program(
        for script: RemoteScript,
        within limit: Duration
    ) async throws(Failure) -> (name: String, arguments: [String]) {
        guard let command else { return ("sh", ["-c", script.command]) }
        var isStrict = isStrict.withLockedValue { $0 }
        if isStrict == nil {
            try ControlDirectory(path: command.configuration.controlDirectory).prepare()
            isStrict = try await command.mustBeStrict(until: .now + limit)
            self.isStrict.withLockedValue { [isStrict] in $0 = isStrict }
        }
        return (command.configuration.executable, command.run(script.command, isStrict: isStrict ?? false))
    }

    private func stream(
        _ program: String,
        _ arguments: [String],
        _ take: @escaping @Sendable ([UInt8]) async throws(Failure) -> Void
    ) async throws(Failure) -> TerminationStatus {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: ProbeProcess.grace)
        ]
        // By env(1), which becomes it: Subprocess takes a path only as another package has it.
        let isPath = program.contains("/")
        do {
            let run = try await Subprocess.run(
                .name(isPath ? "env" : program),
                arguments: Arguments(isPath ? [program] + arguments : arguments),
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
            if let command, case .exited(255) = run.terminationStatus {
                throw command.failure(String(decoding: run.standardError, as: UTF8.self))
            }
            return run.terminationStatus
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(.internalFault, "'\(program)' could not be run: try again", cause: "\(error)")
        }
    }
}
