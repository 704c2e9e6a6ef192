/// What is said on a new connection before it carries calls, and how the answers are judged.
struct Handshake {
    private enum Step {
        case auth
        case select(Int)
        case setName
        case ping
    }

    private let steps: [(step: Step, command: RedisCommand)]

    init(_ configuration: RedisConfiguration) {
        var steps: [(step: Step, command: RedisCommand)] = []
        if let username = configuration.username {
            steps.append((.auth, RedisCommand("AUTH", username, configuration.password ?? "")))
        } else if let password = configuration.password {
            steps.append((.auth, RedisCommand("AUTH", password)))
        }
        if configuration.database != 0 {
            steps.append((.select(configuration.database), RedisCommand("SELECT", configuration.database)))
        }
        if let name = configuration.clientName {
            steps.append((.setName, RedisCommand("CLIENT", "SETNAME", name)))
        }
        steps.append((.ping, RedisCommand("PING")))
        self.steps = steps
    }

    /// The commands, to be sent in one write.
    var commands: [RedisCommand] { steps.map(\.command) }

    /// Finds out whether the connection can be used.
    ///
    /// - Parameter results: What became of the commands.
    /// - Returns: The first error that stands in the way; nil where there is none.
    func failure(in results: [Result<RESPValue, RedisError>]) -> RedisError? {
        for (step, result) in zip(steps.map(\.step), results) {
            guard case .failure(let error) = result else { continue }
            if let failure = judge(step, error) { return failure.sent(false) }
        }
        return nil
    }

    private func judge(_ step: Step, _ error: RedisError) -> RedisError? {
        guard error.reply != nil else { return Self.broken(error) }
        switch (step, error.code) {
        case (_, .authentication):
            return error
        case (.auth, .server):
            return RedisError(.authentication, "the log-in failed: \(error.message)", cause: error)
        case (.select(let number), .server):
            return RedisError(.invalidDatabase, "there is no database \(number): choose another one", cause: error)
        case (.auth, _), (.select, _):
            return error
        // The user may lack the right to these two, and a server that loads or is full still takes calls.
        case (.setName, .server), (.ping, .server):
            return RedisError(.notConnected, "the server refuses the connection: \(error.message)", cause: error)
        case (.setName, _), (.ping, _):
            return nil
        }
    }

    private static func broken(_ error: RedisError) -> RedisError {
        switch error.code {
        case .protocolViolation, .shutDown: error
        default: RedisError(.notConnected, "the log-in was not answered: check the server and its TLS", cause: error)
        }
    }
}
