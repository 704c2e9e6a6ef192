import API
import Testing

@Suite("The table of calls")
struct EndpointTests {
    @Test("Each call stands in it once, by name and by method and path")
    func unique() {
        let names = Endpoints.all.map(\.name)
        #expect(Set(names).count == names.count)
        let calls = Endpoints.all.flatMap { call in call.methods.map { "\($0.rawValue) \(call.path)" } }
        #expect(Set(calls).count == calls.count)
    }

    @Test(
        "The legacy API has its eight calls, by GET and POST; all others of the table are under /v1/ or of the service"
    )
    func styles() {
        for call in Endpoints.all {
            switch call.style {
            case .legacy: #expect(call.methods == [.get, .post] && !call.path.description.hasPrefix("/v1"))
            case .v1: #expect(call.methods.count == 1 && call.path.description.hasPrefix("/v1/"))
            case .service: #expect(call.methods == [.get])
            }
            #expect(call.summary.hasSuffix(".") && !call.statuses.isEmpty)
        }
        #expect(Endpoints.all.count { if case .legacy = $0.style { true } else { false } } == 8)
    }

    @Test("A path with places matches paths of one object, and nothing else")
    func paths() {
        let cordon: PathTemplate = "/v1/pms/{id}:cordon"
        #expect(cordon.matches("/v1/pms/1:cordon") && cordon.filled(with: 7) == "/v1/pms/7:cordon")
        for path in ["/v1/pms/1", "/v1/pms/:cordon", "/v1/pms/1:2:cordon", "/v1/pms/1:cordon/x", "/v1/pms"] {
            #expect(!cordon.matches(path), "\(path)")
        }
        let tags: PathTemplate = "/v1/pms/{id}/tags"
        #expect(tags.matches("/v1/pms/x/tags") && !tags.matches("/v1/pms/x:y/tags") && tags.parameters == ["id"])
        let plain: PathTemplate = "/vm/query"
        #expect(plain.matches("/vm/query") && !plain.matches("/vm/query/1") && plain.filled(with: "") == "/vm/query")
    }
}
