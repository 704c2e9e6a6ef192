import API
import Client
import Model
import TestKit
import Testing

@Suite("The client of the API")
struct APIClientTests {
    private func call<Body, Answer>(
        _ endpoint: Endpoint<Body, Answer>,
        _ body: Body,
        answering text: String,
        id: Int? = nil,
        wait: Int = 60
    ) async throws -> APIClient.Outcome<Answer> {
        let server = try await CannedServer(text)
        let result: Result<APIClient.Outcome<Answer>, any Error>
        do {
            let client = try APIClient(base: server.base, token: "t")
            result = .success(try await client.call(endpoint, id: id, body: body, wait: wait))
        } catch {
            result = .failure(error)
        }
        try await server.stop()
        return try result.get()
    }

    @Test("A call is sent as its endpoint says, with the token, and its answer read by its type")
    func sent() async throws {
        let echo = "HTTP/1.1 404 No\r\nX-HVC-Reason: {request}\r\n\r\n0"
        let body = CreateHoldRequest(type: try #require(TypeID(1)), image: try #require(ImageID(100)), seconds: 60)
        await #expect(throws: ClientError.failed(status: 404, reason: "POST /v1/holds HTTP/1.1")) {
            _ = try await call(Endpoints.createHold, body, answering: echo)
        }
        let hold =
            #"{"id":7,"state":"held","instance_type":1,"pm_id":2,"expires_at":"x","project":"default","newer":[]}"#
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: \(hold.utf8.count)\r\n\r\n\(hold)"
        let read = try await call(Endpoints.readHold, NoBody(), answering: answer, id: 7).answer
        #expect(read.id == VMID(7) && read.pmID == PMID(2) && read.jobID == nil)
    }

    @Test("A job that goes on, a problem, and what is neither are distinguished")
    func outcomes() async throws {
        let job = #"{"id":9,"kind":"destroy","state":"queued","vm_id":7,"attempts":0,"tried_pm_ids":[]}"#
        let outcome = try await call(
            Endpoints.destroyVM,
            NoBody(),
            answering: "HTTP/1.1 202 OK\r\n\r\n{\"job\":\(job)}",
            id: 7
        )
        guard case .accepted(let accepted) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(accepted.job.id == JobID(9) && accepted.vm == nil)
        #expect(throws: ClientError.timedOut) { try outcome.answer }

        let made = #"{"id":7,"job_id":9,"state":"gone"}"#
        let gone = try await call(Endpoints.readVM, NoBody(), answering: "HTTP/1.1 200 OK\r\n\r\n\(made)", id: 7)
        #expect(throws: ClientError.gone(VMGone(id: try #require(VMID(7)), jobID: JobID(9)))) { try gone.answer }

        let problem = Problem(Failure(.noCapacity, "full"), job: JobID(3), request: "r")
        let text = "HTTP/1.1 409 No\r\nContent-Type: application/problem+json\r\n\r\n\(problem.json)"
        await #expect(throws: ClientError.problem(problem)) {
            _ = try await call(Endpoints.readVM, NoBody(), answering: text, id: 7)
        }
        let error = await #expect(throws: ClientError.self) {
            _ = try await call(Endpoints.readVM, NoBody(), answering: "HTTP/1.1 200 OK\r\n\r\n[]", id: 7)
        }
        guard case .malformed = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
