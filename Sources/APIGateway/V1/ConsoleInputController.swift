import API
import Model
import NIOConcurrencyHelpers
import Store

/// `/v1/vms/{id}/console/input` and `…/console:break`.
struct ConsoleInputController: Sendable {
    let service: VMService
    let store: Store
    let answers: ConsoleAnswers

    /// How long the right to write lasts after something was written.
    private static let lease = Duration.seconds(30)
    /// How long a worker may take to write.
    private static let wait = Duration.seconds(12)

    /// 200 once the PM has all of it.
    @Sendable
    func write(_ call: V1Call<BytesBody>) async throws(Failure) -> V1Response<ConsoleInputResponse> {
        let vm = try await running(call)
        // Of two programs with one token each may have a name of its own.
        let name = call.context.caller?.name ?? Caller.local.name
        let writer = try Self.own(call.query["writer"]).map { "\(name)/\($0)" } ?? name
        let (bytes, isTaken) = (call.body.bytes, call.query["take"] == "true")
        let until = NIOLockedValueBox(0)
        let answer = try await answers.answer(to: ConsoleAsk(.write, vm), within: Self.wait) {
            [store] (ask) async throws(Failure) in
            let writing = try await store.write(
                bytes,
                for: ask,
                writer: writer,
                taking: isTaken,
                lease: Self.lease
            )
            switch writing {
            case .accepted(let time): until.withLockedValue { $0 = time }
            case .busy(let other, let time):
                throw Failure(
                    .consoleBusy,
                    "'\(other)' writes to the console of VM \(vm) until \(Timestamp.text(milliseconds: time)), unless it writes "
                        + "more"
                )
            case .full: throw Failure(.overloaded, "too much waits to be written to this console: try again soon")
            case .gone: throw Failure(.unknownVM, "there is no VM \(vm)")
            }
        }
        guard answer != nil else {
            throw Failure(
                .outcomeUnknown,
                "no worker has said that the bytes were written: read the console before you send them again"
            )
        }
        let response = ConsoleInputResponse(
            bytes: bytes.count,
            writer: writer,
            until: Timestamp.text(milliseconds: until.withLockedValue { $0 })
        )
        return try V1Response(response)
    }

    private static func own(_ writer: String?) throws(Failure) -> String? {
        guard let writer else { return nil }
        let isPlain = writer.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        guard isPlain, (1...64).contains(writer.utf8.count),
            writer.first?.isLetter == true || writer.first?.isNumber == true
        else {
            throw Failure(.invalidRequest, "writer must have 1 to 64 letters, digits, dots, dashes and underscores")
        }
        return writer
    }

    @Sendable
    func pressSysRq(_ call: V1Call<ConsoleBreakRequest>) async throws(Failure) -> V1Response<ConsoleBreakResponse> {
        let vm = try await running(call)
        var ask = ConsoleAsk(.keys, vm)
        ask.key = call.body.key
        guard try await answers.answer(to: ask, within: Self.wait) != nil else {
            throw Failure(.outcomeUnknown, "no worker has said that the keys were pressed: see the console")
        }
        return try V1Response(ConsoleBreakResponse(key: call.body.key))
    }

    /// The VM of the path, whose guest must run.
    private func running<Body>(_ call: V1Call<Body>) async throws(Failure) -> VMID {
        let vm = try await call.vm(in: store)
        guard let status = try await store.vm(vm) else { throw try await service.whyUnknown(vm) }
        // What its record says may be old: others than these have no guest in any case.
        guard status.pm != nil, ![.stopped, .held].contains(status.state) else {
            throw Failure(.wrongState, "VM \(vm) is \(status.state.rawValue): nobody would read what is written")
        }
        return vm
    }
}
