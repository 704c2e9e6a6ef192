import API
import ArgumentParser
import Model

/// `hvctl version`: of this program and of the gateway.
struct Version: ClientCommand {
    static let configuration = CommandConfiguration(abstract: "Shows the version of this program and of the gateway.")

    @OptionGroup var common: CommonOptions

    func run(in session: Session) async throws {
        let document = try await session.server.send("GET", "/openapi.json").value
        let gateway = document[path: "info.version"]?.string ?? "not known"
        session.show(
            [
                "client": .string(Release.version), "gateway": .string(gateway),
                "server": .string(session.server.address),
            ],
            as: "hvctl \(Release.version), gateway \(gateway) at \(session.server.address)"
        )
    }
}
