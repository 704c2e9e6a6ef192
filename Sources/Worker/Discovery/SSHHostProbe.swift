import Foundation
import Model
import Subprocess

/// Measures a machine over OpenSSH, with one shared connection that outlives the measures.
actor SSHHostProbe: HostProbe {
    private let command: SSHCommand
    private let configuration: SSHConfiguration
    /// Whether host keys are checked against ssh_config's word; nil before ssh was asked, and again after a failure.
    private var isStrict: Bool?

    /// Takes what to call and how; connects nowhere.
    init(destination: SSHDestination, configuration: SSHConfiguration) {
        var configuration = configuration
        configuration.executable = destination.options.command ?? configuration.executable
        self.configuration = configuration
        command = SSHCommand(destination: destination, configuration: configuration)
    }

    func measure() async throws(Failure) -> HostMeasure {
        do {
            let end = ContinuousClock.now + configuration.deadline
            try ControlDirectory(path: configuration.controlDirectory).prepare()
            let isStrict = try await mustBeStrict(until: end)
            let remote = "/bin/sh -c '\(HostMeasure.script)'"
            return try await measure(
                outcome: command.process(command.run(remote, isStrict: isStrict), until: end).run()
            )
        } catch {
            // Whatever is wrong with the shared connection, the next measure makes a new one.
            await close()
            throw error
        }
    }

    /// The shared connection stays, whatever happens: the next measure ends one that does not answer.
    func run(_ script: String, with words: [String]) async throws(Failure) -> String {
        guard words.allSatisfy(\.isPlainWord) else {
            throw Failure(.internalFault, "an argument for '\(command.nameText)' is not plain: report this")
        }
        let end = ContinuousClock.now + configuration.deadline
        try ControlDirectory(path: configuration.controlDirectory).prepare()
        let isStrict = try await mustBeStrict(until: end)
        let remote = (["/bin/sh -c '\(script)' hvc"] + words).joined(separator: " ")
        let outcome = try await command.process(command.run(remote, isStrict: isStrict), until: end).run()
        guard case .ended(_, let output, _) = try command.checked(outcome) else {
            throw Failure(
                .machineUnreachable,
                "'\(command.nameText)' did not answer within \(configuration.deadline)",
                cause: "deadline"
            )
        }
        return output
    }

    /// Ends the shared connection; where its master does not answer, its socket is removed, so that none waits for it.
    func close() async {
        isStrict = nil
        guard access(command.controlPath, F_OK) == 0 else { return }
        let end = ProbeProcess(
            name: configuration.executable,
            arguments: command.endSharedConnection,
            deadline: .seconds(2)
        )
        // Apart from the caller's task: after a cancellation there is still a connection to end.
        _ = await Task { try? await end.run() }.value
        unlink(command.controlPath)
    }

    private func mustBeStrict(until end: ContinuousClock.Instant) async throws(Failure) -> Bool {
        if let isStrict { return isStrict }
        let isStrict = try await command.mustBeStrict(until: end)
        self.isStrict = isStrict
        return isStrict
    }

    private func measure(outcome: ProbeProcess.Outcome) throws(Failure) -> HostMeasure {
        guard case .ended(let status, let output, let errors) = try command.checked(outcome) else {
            let reason = "'\(command.nameText)' did not answer within \(configuration.deadline)"
            let advice =
                "see whether it is overloaded or a file system hangs there, with `\(command.debugText)`; where its login "
                + "only takes long, raise HVC_PROBE_TIMEOUT"
            throw Failure(.machineUnreachable, "\(reason): \(advice)", cause: "deadline")
        }
        do {
            return try HostMeasure.parse(output: output)
        } catch {
            let said = [error.cause, PrintableText.line(errors, limit: 300)].compactMap { $0 }.filter { !$0.isEmpty }
            throw Failure(
                error.code,
                "'\(command.nameText)': \(error.message); run `\(command.debugText)`",
                cause: (["command ended with \(status)"] + said).joined(separator: "; ")
            )
        }
    }
}

extension String {
    /// Whether every shell takes it as one word, as it is.
    fileprivate var isPlainWord: Bool {
        !isEmpty
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                // Digits with `-`, `.` and `/`, which stand before them, and `:`.
                case UInt8(ascii: "-")...UInt8(ascii: ":"), UInt8(ascii: "_"): true
                default: false
                }
            }
    }
}
