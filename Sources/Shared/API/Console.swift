import Model

extension Endpoints {
    package static let readConsole = Endpoint<NoBody, String>(
        v1: "readConsole",
        .get,
        "/v1/vms/{id}/console",
        query: [.optional("offset", matching: TextPattern.consoleOffset), .flag("follow")],
        hasStreamForm: true,
        mediaType: "application/octet-stream",
        right: .op,
        scope: .project,
        "Shows what a VM's guest has written to its serial console: bytes, or with follow also those that come."
    )

    static let console = [readConsole.description]
}
