import API

extension Session {
    /// Waits for the job that a call has made, as the options say, and shows what became of it.
    ///
    /// - Parameters:
    ///   - accepted: the answer to the call.
    ///   - options: whether to wait, and how long.
    ///   - outcome: shows what became of the job, once it has done as asked.
    /// - Throws: ``CommandFailure`` where the job has failed, the wait is over, or somebody ended it.
    func follow(
        _ accepted: Server.Answer,
        _ options: WaitOptions,
        outcome: (_ job: JSONValue) async throws -> Void
    ) async throws {
        guard let job = accepted.value["job"], let id = job["id"]?.cell else { return show(accepted.value) }
        guard !options.doesNotWait else {
            return show(job, as: "job \(id)  \(job["kind"]?.cell ?? "")  \(job["state"]?.cell ?? "")")
        }
        let watch = JobWatch(session: self, job: id, deadline: options.deadline, timeout: options.timeout)
        try await outcome(try await watch.end())
    }
}

/// A key by which a call that is repeated is known again.
enum IdempotencyKey {
    /// The field of a request's head for a new key.
    static func field() -> (String, String) {
        var generator = SystemRandomNumberGenerator()
        let words = [generator.next(), generator.next()] as [UInt64]
        return ("Idempotency-Key", "hvctl-" + words.map { String($0, radix: 36) }.joined(separator: "-"))
    }
}

extension Server {
    /// Makes a call that makes a job; where the connection breaks before the answer, the call is made again by the same key.
    func accept<Body, Content>(
        _ endpoint: Endpoint<Body, Content>,
        _ names: [String] = [],
        query: Query = [],
        body: Body
    ) async throws(CommandFailure) -> Answer {
        let key = IdempotencyKey.field()
        do throws(CommandFailure) {
            return try await call(endpoint, names, query: query, body: body, fields: [key])
        } catch {
            guard error.code == "unreachable" || error.code == "no_answer" else { throw error }
            return try await call(endpoint, names, query: query, body: body, fields: [key])
        }
    }
}
