import API
import ArgumentParser

/// `hvctl job`: what was asked for, and what became of it.
struct Jobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job",
        abstract: "Shows jobs, waits for them, and ends them.",
        subcommands: [
            ListCommand<JobNoun>.self, GetCommand<JobNoun>.self, WaitForJob.self, CancelJob.self, RetryJob.self,
            DropJob.self,
        ]
    )
}

struct WaitForJob: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Waits until a job has ended, and says what it does."
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its number.")
    var job: String

    @Option(help: ArgumentHelp("How long to wait, such as 90s, 5m or 1h.", valueName: "time"))
    var timeout: Span = Span(.seconds(300))

    func run(in session: Session) async throws {
        let watch = JobWatch(session: session, job: job, deadline: .now + timeout.duration, timeout: timeout)
        session.showJob(try await watch.end())
    }
}

struct CancelJob: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancels a job: what it has made is taken away again."
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its number.")
    var job: String

    @OptionGroup var wait: WaitOptions

    func run(in session: Session) async throws {
        let seconds = wait.doesNotWait ? 0 : min(QueryParameter.longestWait, wait.timeout.seconds)
        let answer = try await Interrupt.cancelling {
            try await session.server.call(
                Endpoints.cancelJob,
                [job],
                query: [("wait", "\(seconds)")],
                within: .seconds(seconds + 20)
            )
        }
        session.showJob(answer.value)
    }
}

struct RetryJob: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Has a job that was given up tried again, and waits for it."
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its number.")
    var job: String

    @OptionGroup var wait: WaitOptions

    func run(in session: Session) async throws {
        let answer = try await session.server.call(Endpoints.retryJob, [job])
        guard !wait.doesNotWait else { return session.showJob(answer.value) }
        session.showJob(
            try await JobWatch(session: session, job: job, deadline: wait.deadline, timeout: wait.timeout).end()
        )
    }
}

struct DropJob: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Takes a job that was given up out of the dead-letter list."
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its number.")
    var job: String

    func run(in session: Session) async throws {
        session.showJob(try await session.server.call(Endpoints.dropJob, [job]).value)
    }
}

extension Session {
    fileprivate func showJob(_ job: JSONValue) {
        let words = [
            "job \(job["id"]?.cell ?? "")", job["kind"]?.cell, "vm \(job["vm_id"]?.cell ?? "")", job["state"]?.cell,
        ]
        show(job, as: words.compactMap(\.self).joined(separator: "  "))
    }
}
