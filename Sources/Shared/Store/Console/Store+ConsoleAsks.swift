import Foundation
package import Model
import RedisClient

extension Store {
    /// How many asks there may be at once: of more, the oldest are dropped, whose askers ask again or give up.
    static let mostConsoleAsks = 1000
    /// For how many seconds an answer is kept for a gateway that does not take it.
    private static let answerTime = 30

    /// Asks the workers something about a console.
    package func ask(_ ask: ConsoleAsk) async throws(Failure) {
        _ = try await pipeline([
            ["LPUSH", keys.consoleAsks, try Self.line(ask)], ["LTRIM", keys.consoleAsks, 0, Self.mostConsoleAsks - 1],
            ["EXPIRE", keys.consoleAsks, 60],
        ])
    }

    static func line(_ ask: ConsoleAsk) throws(Failure) -> String {
        do { return String(decoding: try JSONEncoder().encode(ask), as: UTF8.self) } catch {
            throw Failure(.internalFault, "an ask cannot be written: report this", cause: "\(error)")
        }
    }

    /// The next ask, which no other worker gets; nil where none comes in time, or one that is none of ours.
    package func nextConsoleAsk(waiting time: Duration) async throws(Failure) -> ConsoleAsk? {
        let reply = try await send(["BRPOP", keys.consoleAsks, time.seconds])
        guard let line = reply.array?.last?.bytes else { return nil }
        return try? JSONDecoder().decode(ConsoleAsk.self, from: Data(line))
    }

    /// Answers an ask, where its gateway waits for the answer.
    package func answer(_ ask: ConsoleAsk, _ result: Result<ConsolePage, Failure>) async throws(Failure) {
        guard !ask.id.isEmpty else { return }
        var line: [UInt8]
        do { line = Array(try JSONEncoder().encode(ConsoleAnswerHead(id: ask.id, result))) } catch {
            throw Failure(.internalFault, "an answer cannot be written: report this", cause: "\(error)")
        }
        line.append(UInt8(ascii: "\n"))
        if case .success(let page) = result { line += page.bytes }
        let key = keys.consoleAnswers(to: ask.gateway)
        _ = try await pipeline([["RPUSH", key, line], ["EXPIRE", key, Self.answerTime]])
    }

    /// The next answer to a gateway; nil where none comes in time.
    package func nextConsoleAnswer(
        to gateway: String,
        waiting time: Duration
    ) async throws(Failure) -> ConsoleAnswer? {
        let reply = try await send(["BLPOP", keys.consoleAnswers(to: gateway), time.seconds])
        guard let line = reply.array?.last?.bytes, let end = line.firstIndex(of: UInt8(ascii: "\n")),
            let head = try? JSONDecoder().decode(ConsoleAnswerHead.self, from: Data(line[..<end]))
        else { return nil }
        return ConsoleAnswer(id: head.id, result: head.result(Array(line[(end + 1)...])))
    }
}

extension Duration {
    /// As the blocking commands take it.
    fileprivate var seconds: String { String(format: "%.3f", self / .seconds(1)) }
}
