import Model
import NIOConcurrencyHelpers

/// Does a piece of work once for everyone who wants it at the same time.
///
/// Who is cancelled leaves at once; the work is cancelled when the last one has left. Who comes while cancelled work
/// still cleans up waits for its end, and then the work begins anew: two runs for one key never overlap.
final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    typealias Work = @Sendable () async throws(Failure) -> Value

    private struct Waiter {
        let work: Work
        let continuation: CheckedContinuation<Result<Value, Failure>, Never>
    }

    private struct Flight {
        var waiters: [Int: Waiter] = [:]
        var task: Task<Void, Never>?
        var isCancelled = false
    }

    private struct State {
        var flights: [Key: Flight] = [:]
        var nextTicket = 0
        /// Tickets whose holders were cancelled before they began to wait.
        var early: Set<Int> = []
    }

    private let state = NIOLockedValueBox(State())

    /// Waits for the work under way for this key, or begins it.
    ///
    /// - Parameters:
    ///   - key: what the work is about.
    ///   - work: what to do where nobody does it yet.
    /// - Returns: what the work returned.
    /// - Throws: what the work throws; `leaseLost` where the caller is cancelled.
    func run(_ key: Key, _ work: @escaping Work) async throws(Failure) -> Value {
        let ticket = state.withLockedValue { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        defer { state.withLockedValue { _ = $0.early.remove(ticket) } }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                join(key, ticket, Waiter(work: work, continuation: continuation))
            }
        } onCancel: {
            leave(key, ticket)
        }
        return try result.get()
    }

    /// How many wait for this key's work at this moment.
    func waiters(for key: Key) -> Int {
        state.withLockedValue { $0.flights[key]?.waiters.count ?? 0 }
    }

    private func join(_ key: Key, _ ticket: Int, _ waiter: Waiter) {
        let isRefused = state.withLockedValue { state in
            if state.early.remove(ticket) != nil { return true }
            if state.flights[key] != nil {
                state.flights[key]?.waiters[ticket] = waiter
            } else {
                state.flights[key] = Flight(waiters: [ticket: waiter], task: begin(key, waiter.work))
            }
            return false
        }
        if isRefused { waiter.continuation.resume(returning: .failure(.cancelled)) }
    }

    private func begin(_ key: Key, _ work: @escaping Work) -> Task<Void, Never> {
        // A task of its own, since it outlives any one of those who wait for it.
        Task {
            do throws(Failure) {
                end(key, .success(try await work()))
            } catch {
                end(key, .failure(error))
            }
        }
    }

    private func end(_ key: Key, _ result: Result<Value, Failure>) {
        let answered: [Waiter] = state.withLockedValue { state in
            guard var flight = state.flights.removeValue(forKey: key) else { return [] }
            guard flight.isCancelled, let next = flight.waiters.values.first else {
                return Array(flight.waiters.values)
            }
            // These came after everyone else had left: what ended was not for them.
            flight.isCancelled = false
            flight.task = begin(key, next.work)
            state.flights[key] = flight
            return []
        }
        for waiter in answered { waiter.continuation.resume(returning: result) }
    }

    private func leave(_ key: Key, _ ticket: Int) {
        let waiter: Waiter? = state.withLockedValue { state in
            guard let waiter = state.flights[key]?.waiters.removeValue(forKey: ticket) else {
                state.early.insert(ticket)
                return nil
            }
            if let flight = state.flights[key], flight.waiters.isEmpty, !flight.isCancelled {
                state.flights[key]?.isCancelled = true
                flight.task?.cancel()
            }
            return waiter
        }
        waiter?.continuation.resume(returning: .failure(.cancelled))
    }
}

extension Failure {
    /// The caller gave up.
    static let cancelled = Failure(.leaseLost, "given up before it ended: the job was stopped or lost its lease")
}
