import HTTPTypes
import Model
import NIOCore
import NIOHTTP1

/// The state machine of one connection, without I/O: who may send now, and by when.
///
/// One request is under way at a time: the next is not read before the client has received the answer. So a client that sends
/// many requests and reads nothing costs one answer (RFC 9112, 9.3.2).
struct ConnectionState {
    enum Phase: Equatable {
        /// No byte of a request has arrived since the last answer.
        case idle
        case readingHead
        /// A request is under way, from its head to the end of its answer.
        case serving
        /// The answer is written, and the client has not received all of it.
        case answering
        /// The last answer is sent; what the client still sends is discarded.
        case draining
        case closed
    }

    /// The request that is under way.
    private struct Exchange {
        var body: RequestHead.Body
        var received = 0
        var isComplete = false
        /// Its body failed, and the application knows.
        var hasFailed = false
        var expectsContinue: Bool
        var isAnswerBegun = false
    }

    private(set) var phase = Phase.idle
    /// Whether the connection ends with the answer to the request that is under way.
    private(set) var isLast = false
    /// Whether bytes of the next request wait until the one under way is answered.
    var holdsBytes = false
    private let times: ClientTimes
    private var exchange: Exchange?
    private var since: NIODeadline
    private var isInputClosed = false
    /// When an idle connection that is over is closed.
    private var turn: NIODeadline?
    /// Since when the client has not received what was written.
    private var stalled: (since: NIODeadline, bytes: Int)?
    private var stopsBy: NIODeadline?
    private var drained = 0

    init(times: ClientTimes, now: NIODeadline) {
        self.times = times
        since = now
    }

    // MARK: Reading

    /// Which of the buffered bytes the parser gets.
    enum Portion: Equatable {
        case none
        /// All up to the end of a blank line, with which heads and chunked bodies end: never parts of two requests.
        case throughBlankLine
        case bytes(Int)
        /// All are discarded.
        case discarded
    }

    var portion: Portion {
        switch phase {
        case .idle, .readingHead: return .throughBlankLine
        case .draining, .closed: return .discarded
        case .answering: return .none
        case .serving:
            guard let exchange else { return .none }
            if exchange.hasFailed { return .discarded }
            if exchange.isComplete { return .none }
            guard case .length(let length) = exchange.body, length > exchange.received else { return .throughBlankLine }
            return .bytes(length - exchange.received)
        }
    }

    mutating func bytesCame(at now: NIODeadline) {
        guard phase == .idle else { return }
        phase = .readingHead
        since = now
        turn = nil
    }

    /// Bytes were discarded.
    ///
    /// - Returns: whether the client has sent too much after the end.
    mutating func discarded(_ count: Int) -> Bool {
        drained += count
        return drained > times.drained
    }

    /// A head was parsed.
    ///
    /// - Returns: the request for the application; nil where the connection is at its end.
    /// - Throws: `Refusal`.
    mutating func receive(_ head: HTTPRequestHead, at now: NIODeadline) throws(Refusal) -> HTTPRequest? {
        guard phase == .idle || phase == .readingHead else { return nil }
        let head = try RequestHead(head)
        phase = .serving
        since = now
        if head.isLast { isLast = true }
        exchange = Exchange(body: head.body, expectsContinue: head.expectsContinue)
        return head.request
    }

    /// A part of the body was parsed.
    ///
    /// - Returns: whether to pass it on to the application.
    mutating func receiveBody(_ count: Int) -> Bool {
        exchange?.received += count
        exchange?.expectsContinue = false
        return phase == .serving
    }

    /// The end of a request was parsed.
    ///
    /// - Returns: whether to pass it on to the application.
    mutating func receiveEnd() -> Bool {
        exchange?.isComplete = true
        exchange?.expectsContinue = false
        return phase == .serving
    }

    /// The application is about to read the body.
    ///
    /// - Returns: whether the client waits for `100 Continue`.
    mutating func wantsBody() -> Bool {
        defer { exchange?.expectsContinue = false }
        return phase == .serving && exchange?.expectsContinue == true
    }

    enum Fault {
        /// The application does not know of the request yet: it is refused.
        case refuse(Refusal)
        /// The application waits for the rest of the request; it gets the fault and answers.
        case report(Failure)
        case ignore
    }

    /// The parser found a fault.
    mutating func parserFailed(_ error: any Error) -> Fault {
        let refusal = Refusal(error)
        switch phase {
        case .idle, .readingHead: return .refuse(refusal)
        case .serving: return bodyFailed(Failure(.invalidRequest, refusal.reason))
        case .answering, .draining, .closed: return .ignore
        }
    }

    private mutating func bodyFailed(_ failure: Failure) -> Fault {
        guard let exchange, !exchange.isComplete, !exchange.hasFailed else { return .ignore }
        self.exchange?.hasFailed = true
        return .report(failure)
    }

    /// The client has closed its side, and all that it sent has been parsed: what to do about the connection.
    mutating func inputClosed() -> End {
        isInputClosed = true
        isLast = true
        return switch phase {
        case .idle: .closeInTurn
        case .draining: .close
        case .readingHead, .serving, .answering, .closed: .goOn
        }
    }

    enum End {
        case goOn, close
        /// It is idle: nobody minds if others are closed before it.
        case closeInTurn
    }

    /// An idle connection is to be closed at this time, unless a request comes.
    mutating func closes(at turn: NIODeadline) { self.turn = turn }

    // MARK: Answering

    /// The answer's head is to be written; the last one where no connection is kept, to make room for others.
    ///
    /// Returns whether to write it.
    mutating func beginAnswer(isFull: Bool) -> Bool {
        guard phase == .serving, let exchange, !exchange.isAnswerBegun else { return false }
        self.exchange?.isAnswerBegun = true
        // Where the request's body is not all here, waiting for the rest of it is no use to anybody.
        if isFull || !exchange.isComplete { isLast = true }
        return true
    }

    /// Whether parts of an answer may be written.
    var isAnswerBegun: Bool { phase == .serving && exchange?.isAnswerBegun == true }

    /// An answer was written to its end.
    mutating func endAnswer() {
        phase = .answering
    }

    /// A refusal is written in place of an answer.
    mutating func refuse() {
        isLast = true
        phase = .answering
    }

    /// The client has not received all that was written; so many bytes are left.
    mutating func stalls(at now: NIODeadline, bytes: Int) {
        if stalled == nil { stalled = (now, bytes) }
    }

    mutating func flows() {
        stalled = nil
    }

    enum Next {
        case nextRequest
        case drain
        case close
    }

    /// The client has received the answer, as far as the system knows.
    mutating func answerTaken(at now: NIODeadline) -> Next {
        let isComplete = exchange?.isComplete ?? false
        exchange = nil
        stalled = nil
        since = now
        guard isLast || stopsBy != nil else {
            phase = .idle
            return .nextRequest
        }
        guard !isInputClosed, !isComplete || holdsBytes, stopsBy == nil else {
            phase = .closed
            return .close
        }
        phase = .draining
        return .drain
    }

    // MARK: Time

    /// The deadline for the client's part; nil if it has none.
    var deadline: NIODeadline? {
        switch phase {
        case .idle: return turn ?? since + times.idle
        case .readingHead: return since + times.head
        case .draining: return since + times.drain
        case .closed: return nil
        case .serving, .answering:
            guard let deadline = exchangeDeadline else { return nil }
            return stopsBy.map { min($0, deadline) } ?? deadline
        }
    }

    private var exchangeDeadline: NIODeadline? {
        if let stalled { return stalled.since + times.answer }
        guard phase == .serving, let exchange, !exchange.isComplete, !exchange.hasFailed else { return nil }
        return since + times.body + .seconds(Int64(exchange.received / times.bodyRate))
    }

    enum Expiry {
        case close
        case closeInTurn
        case fault(Fault)
        case none
    }

    /// The deadline has passed; the client has not received so many bytes of the answer.
    mutating func expire(at now: NIODeadline, unsent: Int) -> Expiry {
        switch phase {
        case .idle: return turn == nil ? .closeInTurn : .close
        case .draining: return .close
        case .closed: return .none
        case .readingHead: return .fault(.refuse(.headTooSlow))
        case .serving, .answering:
            guard let stalled else {
                let words = stopsBy == nil ? "its body came too slowly" : "the gateway stops, and its body is not here"
                return .fault(bodyFailed(Failure(.requestTimeout, words)))
            }
            guard stopsBy == nil, stalled.bytes - unsent >= times.answerShare else { return .close }
            self.stalled = (now, unsent)
            return .none
        }
    }

    /// A graceful stop has begun; returns whether to close the connection now.
    mutating func stop(at now: NIODeadline) -> Bool {
        stopsBy = now + times.stop
        isLast = true
        return phase == .idle || phase == .readingHead || phase == .draining
    }

    /// Whether the connection may be closed for another one: no request is under way.
    var isExpendable: Bool { phase == .idle || phase == .readingHead || phase == .draining }

    mutating func close() {
        phase = .closed
    }
}
