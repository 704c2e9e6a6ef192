import Model
import Subprocess

extension SSHCommand {
    /// True where ssh_config switches the checks of host keys off: these are the one thing not left to it (`ssh -G`).
    ///
    /// - Parameter end: until when it may take.
    /// - Returns: what to pass to `run(_:isStrict:)`.
    /// - Throws: `Failure`.
    func mustBeStrict(until end: ContinuousClock.Instant) async throws(Failure) -> Bool {
        let outcome = try await checked(process(printOptions, until: end).run())
        guard case .ended(.exited(0), let output, _) = outcome else {
            // It reads files and connects to nothing, so this is about the worker.
            let advice = "run `\(debugText)` and check this machine's load"
            throw Failure(.deadline, "`ssh -G`, which only prints ssh's options, did not succeed: \(advice)")
        }
        let words = output.split(separator: "\n").map { $0.split(separator: " ") }
        let choice = words.first { $0.first == "stricthostkeychecking" }?.last
        return choice == nil || ["no", "off", "false"].contains(choice)
    }

    /// A run of ssh with these arguments.
    func process(_ arguments: [String], until end: ContinuousClock.Instant) -> ProbeProcess {
        ProbeProcess(
            name: configuration.executable,
            arguments: arguments,
            deadline: ContinuousClock.now.duration(to: end)
        )
    }

    /// Turns ssh's own exit status, 255, into its failure (ssh(1), EXIT STATUS).
    func checked(_ outcome: ProbeProcess.Outcome) throws(Failure) -> ProbeProcess.Outcome {
        guard case .ended(.exited(255), _, let errors) = outcome else { return outcome }
        throw failure(errors)
    }

    /// What ssh's messages say, where it could not do its work.
    func failure(_ errors: String) -> Failure {
        let said = PrintableText.line(errors, limit: 500)
        return Failure(
            .machineUnreachable,
            SSHFault(standardError: errors).message(for: self),
            cause: said.isEmpty ? "ssh ended with 255 and said nothing" : said
        )
    }
}
