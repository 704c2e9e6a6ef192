import Model

/// Measures one machine by its own commands.
protocol HostProbe: Sendable {
    /// Measures now.
    ///
    /// Ends within the probe's deadline, and at once when its task is cancelled.
    ///
    /// - Throws: `Failure`, of which nothing may be concluded about the machine but that it is unknown.
    func measure() async throws(Failure) -> HostMeasure

    /// Runs a script of ours, which only reads.
    ///
    /// - Parameters:
    ///   - script: for `/bin/sh -c`, without quotes of the single kind, exclamation marks and backslashes.
    ///   - words: its arguments, each of which must be plain.
    /// - Returns: what it printed.
    /// - Throws: `Failure`.
    func run(_ script: String, with words: [String]) async throws(Failure) -> String

    /// Gives back what is kept between measures; measuring again is allowed.
    func close() async
}

extension HostProbe {
    /// Of machines that are not there nothing is read.
    func run(_ script: String, with words: [String]) async throws(Failure) -> String { "" }
}

/// Measures the machine on which this program runs.
struct LocalHostProbe: HostProbe {
    /// How long a measure may take.
    var deadline: Duration = .seconds(10)

    func measure() async throws(Failure) -> HostMeasure {
        let run = try await ProbeProcess(
            name: "sh",
            arguments: ["-c", HostMeasure.script],
            deadline: deadline
        ).run()
        switch run {
        case .ended(let status, let output, let errors):
            do {
                return try HostMeasure.parse(output: output)
            } catch {
                let said = PrintableText.line(errors, limit: 300)
                throw said.isEmpty
                    ? error : Failure(error.code, "\(error.message); sh ended with \(status)", cause: said)
            }
        case .overdue:
            throw Failure(
                .machineUnreachable,
                "this machine did not answer within \(deadline): check for a file system that hangs (`df`); where it is "
                    + "only slow, raise HVC_PROBE_TIMEOUT"
            )
        }
    }

    func run(_ script: String, with words: [String]) async throws(Failure) -> String {
        let process = ProbeProcess(name: "sh", arguments: ["-c", script, "hvc"] + words, deadline: deadline)
        guard case .ended(_, let output, _) = try await process.run() else {
            throw Failure(.machineUnreachable, "this machine did not answer within \(deadline)")
        }
        return output
    }

    func close() async {}
}
