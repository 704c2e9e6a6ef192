import Foundation
import Model
import Subprocess

/// One run of a program with its output bounded in length and time.
struct ProbeProcess: Sendable {
    /// How a run ended.
    enum Outcome: Sendable {
        /// By itself.
        case ended(TerminationStatus, output: String, errors: String)
        /// By us, at its deadline.
        case overdue
    }

    /// The most that is read of each of a program's two outputs, in bytes.
    static let outputLimit = 64 * 1024
    /// The time between asking a program to end and killing it.
    static let grace: Duration = .milliseconds(500)

    /// The program's name, sought in `PATH`, or its full path.
    let name: String
    let arguments: [String]
    /// How long it may run.
    let deadline: Duration

    /// Runs the program.
    ///
    /// It gets a session of its own: what it starts (a ProxyCommand) ends with it, and it has no terminal to ask
    /// anything on. Its messages are in English, since some are recognised.
    ///
    /// - Throws: `Failure` where it cannot be started, prints too much, or the task is cancelled.
    func run() async throws(Failure) -> Outcome {
        let result = await withTaskGroup(of: Result<Outcome, Failure>.self) { group in
            group.addTask {
                do throws(Failure) {
                    return .success(try await runToEnd())
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                try? await Task.sleep(for: deadline)
                return .success(.overdue)
            }
            let first = await group.next()
            group.cancelAll()
            // The group waits until the program has exited and was reaped.
            return first ?? .success(.overdue)
        }
        // A cancelled run is indistinguishable from one that exited with 255, and a cancelled sleep from a deadline.
        guard !Task.isCancelled else {
            throw Failure(.leaseLost, "the measure was given up, since the worker stops or its turn is over")
        }
        return try result.get()
    }

    private func runToEnd() async throws(Failure) -> Outcome {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: Self.grace)]
        // By env(1), which becomes it: Subprocess takes a path only as another package has it.
        let isPath = name.contains("/")
        if isPath, access(name, X_OK) != 0 {
            let cause = String(cString: strerror(errno))
            throw Failure(
                .internalFault,
                "the program '\(name)' cannot be run on this worker: put it there",
                cause: cause
            )
        }
        do {
            let result = try await Subprocess.run(
                .name(isPath ? "env" : name),
                arguments: Arguments(isPath ? [name] + arguments : arguments),
                environment: .inherit.updating(["LC_ALL": "C"]),
                platformOptions: options,
                input: .none,
                output: .bytes(limit: Self.outputLimit),
                error: .bytes(limit: Self.outputLimit)
            )
            return .ended(
                result.terminationStatus,
                output: String(decoding: result.standardOutput, as: UTF8.self),
                errors: String(decoding: result.standardError, as: UTF8.self)
            )
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw Failure(.internalFault, "the program '\(name)' is not in PATH: install it on the worker")
        } catch let error as SubprocessError where error.code == .outputLimitExceeded {
            throw Failure(
                .machineUnreachable,
                "the machine printed more than \(Self.outputLimit) bytes: quieten what its login profile prints"
            )
        } catch {
            throw Failure(.internalFault, "'\(name)' could not be run: try again", cause: "\(error)")
        }
    }
}
