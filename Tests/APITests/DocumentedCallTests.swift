import API
import Foundation
import Testing

@Suite("docs/api.md and the table of calls")
struct DocumentedCallTests {
    private static func text() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: "docs/api.md"), encoding: .utf8)
    }

    @Test("Each call of the table is documented")
    func documented() throws {
        let text = try Self.text()
        for call in Endpoints.all {
            switch call.style {
            case .v1: #expect(text.contains("`\(call.methods[0].rawValue) \(call.path)"), "\(call.name)")
            case .legacy:
                let row = text.split(separator: "\n").first { $0.hasPrefix("| `\(call.path)` |") }
                for argument in call.query {
                    #expect(row?.contains("`\(argument.name)`") == true, "\(call.name): \(argument.name)")
                }
                #expect(row != nil, "\(call.name)")
            case .service: #expect(text.contains("`\(call.path)`"), "\(call.name)")
            }
        }
    }

    @Test("Each call that is documented is in the table")
    func known() throws {
        let known = Set(Endpoints.all.flatMap { call in call.methods.map { "\($0.rawValue) \(call.path)" } })
        let calls = try Self.text().matches(of: /`(GET|POST|PUT|PATCH|DELETE) (\/[^`?\s]*)/).map { "\($0.1) \($0.2)" }
        #expect(calls.count >= known.count(where: { $0.contains("/v1/") }))
        for call in calls { #expect(known.contains(call), "\(call)") }
    }
}
