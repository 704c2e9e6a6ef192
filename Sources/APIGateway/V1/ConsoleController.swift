import API
import HTTPTypes
import Hummingbird
import Model
import NIOCore
import Store

/// `/v1/vms/{id}/console`.
struct ConsoleController: Sendable {
    let service: VMService
    let store: Store
    let feed: ConsoleFeed
    let answers: ConsoleAnswers

    /// How long a stream is silent at most.
    private static let pause = Duration.seconds(15)

    /// The bytes that are kept from an offset on; with `follow`, or as server-sent events, also those that come.
    @Sendable
    func read(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<String> {
        let vm = try await call.vm(in: store)
        guard try await store.vm(vm) != nil else { throw try await service.whyUnknown(vm) }
        let isStream = call.request.headers[.accept]?.lowercased().contains("text/event-stream") == true
        let follows = isStream || call.query["follow"] == "true"
        let page: ConsolePage
        let start = try start(of: call)
        do throws(Failure) {
            page = try await answers.page(of: vm, from: start, limit: ConsoleReader.pageSize)
        } catch {
            guard error.code == .offsetNotKept else { throw error }
            return try await notKept(error, vm, call)
        }
        if follows, !feed.hasRoom(for: vm) { throw .tooManyFollow }
        let reader = ConsoleReader(page, of: vm, follows: follows, feed: feed, answers: answers)
        var headers: HTTPFields = [
            .contentType: isStream ? "text/event-stream" : "application/octet-stream", .cacheControl: "no-store",
        ]
        headers.add(page)
        return V1Response(
            response: Response(
                status: .ok,
                headers: headers,
                // A body that nobody takes is never written: so the reader comes with it.
                body: ResponseBody { [feed] writer in
                    if !follows || feed.enter(vm) {
                        defer { if follows { feed.leave(vm) } }
                        try await Self.write(reader, asEvents: isStream, to: &writer)
                    }
                    try await writer.finish(nil)
                }
            )
        )
    }

    /// Where to begin: behind what the client has, at the offset that it asks for, or where the VM's run begins.
    private func start(of call: V1Call<NoBody>) throws(Failure) -> ConsoleAsk.Start {
        // The header counts for more, and is what a client sends that comes back.
        guard let text = call.request.headers[.lastEventID] ?? call.query["offset"] else { return .boot }
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        guard (1...15).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(digits)
        else {
            throw Failure(
                .invalidRequest,
                "'\(text.prefix(40))' is no offset: give a whole number, a negative one to count from the end"
            )
        }
        return digits.count < text.count ? .last(number) : .offset(number)
    }

    /// The failure with what is kept in its headers.
    private func notKept(
        _ failure: Failure,
        _ vm: VMID,
        _ call: V1Call<NoBody>
    ) async throws(Failure) -> V1Response<String> {
        let page = try await answers.page(of: vm, from: .last(0), limit: 0)
        var response = Problem(failure, request: call.requestID).response(for: failure)
        response.headers.add(ConsolePage(offset: page.first, first: page.first, size: page.size, boot: page.boot))
        return V1Response(response: response)
    }

    @concurrent
    private static func write(
        _ reader: ConsoleReader,
        asEvents: Bool,
        to writer: inout any ResponseBodyWriter
    ) async throws {
        var reader = reader
        if asEvents { try await writer.write(ByteBuffer(string: ConsoleText.position(reader.position))) }
        while true {
            let next: ConsoleReader.Next
            do throws(Failure) { next = try await reader.next(until: .now + pause) } catch {
                // The client asks again from where it is, and learns it from the answer.
                if asEvents { try await writer.write(ByteBuffer(string: ": \(error.code.rawValue)\n\n")) }
                return
            }
            switch next {
            case .end: return
            case .bytes(let bytes) where asEvents:
                try await writer.write(ByteBuffer(string: ConsoleText.event(bytes, end: reader.position)))
            case .bytes(let bytes): try await writer.write(ByteBuffer(bytes: bytes))
            case .silence where asEvents: try await writer.write(ByteBuffer(string: ConsoleText.sign))
            case .silence: continue
            }
        }
    }
}

extension HTTPFields {
    /// Adds where the bytes begin, how far the console goes, and which run it is.
    fileprivate mutating func add(_ page: ConsolePage) {
        self[.consoleOffset] = "\(page.offset)"
        self[.consoleSize] = "\(page.size)"
        self[.consoleBoot] = "\(page.boot)"
    }
}
