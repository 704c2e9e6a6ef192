import API
import ArgumentParser
import Client

/// `hvctl api`: any call, as it is.
struct RawCall: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "api",
        abstract: "Makes a call of the API, and prints its answer.",
        discussion: "/openapi.json describes all calls."
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "GET, POST, PUT, PATCH or DELETE.")
    var method: String

    @Argument(
        help: "The path with its query, such as '/v1/vms?limit=1'.",
        completion: .list(Endpoints.all.map(\.path.description))
    )
    var path: String

    @Option(name: [.customShort("d"), .long], help: "The body: JSON, @FILE, or - for the input.")
    var data: String?

    @Option(help: ArgumentHelp("How long to wait for the answer.", valueName: "time"))
    var timeout: Span = Span(.seconds(310))

    func validate() throws {
        guard ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"].contains(method.uppercased()) else {
            throw ValidationError("'\(method)' is no method: GET, POST, PUT, PATCH or DELETE")
        }
        guard path.hasPrefix("/"), path.allSatisfy({ $0.isASCII && !$0.isWhitespace && !$0.isNewline }) else {
            throw ValidationError("'\(path)' is no path: it begins with / and is percent-encoded")
        }
    }

    func run(in session: Session) async throws {
        let body = try data.map { data throws(CommandFailure) -> [UInt8] in
            if data == "-" { return try LocalFile.read("-") }
            return data.hasPrefix("@") ? try LocalFile.read(String(data.dropFirst())) : Array(data.utf8)
        }
        let answer = try await session.server.exchange(method.uppercased(), path, body: body, within: timeout.duration)
        let isJSON = answer["content-type"]?.contains("json") ?? false
        if isJSON, session.format != .table, let value = try? JSONValue(parsing: answer.body) {
            session.show(value)
        } else {
            session.terminal.write(answer.text)
        }
        guard answer.status >= 400 else { return }
        throw CommandFailure(
            ExitStatus(code: answer["x-hvc-code"] ?? "", status: answer.status),
            code: answer["x-hvc-code"] ?? "http_\(answer.status)",
            answer["x-hvc-reason"] ?? "status \(answer.status)"
        )
    }
}
