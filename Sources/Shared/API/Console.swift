package import Model

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
    package static let writeConsole = Endpoint<BytesBody, ConsoleInputResponse>(
        v1: "writeConsole",
        .post,
        "/v1/vms/{id}/console/input",
        query: [.optional("writer", matching: TextPattern.label), .flag("take")],
        scope: .project,
        "Writes bytes to a VM's serial console; one writer at a time has the right to."
    )
    package static let breakConsole = Endpoint<ConsoleBreakRequest, ConsoleBreakResponse>(
        v1: "breakConsole",
        .post,
        "/v1/vms/{id}/console:break",
        scope: .project,
        "Presses Alt, SysRq and a key: a request to the guest's kernel."
    )

    static let console = [readConsole.description, writeConsole.description, breakConsole.description]
}

/// What was written to a console.
package struct ConsoleInputResponse: Codable, Hashable, Sendable {
    /// How many bytes.
    package let bytes: Int
    /// Who has the right to write.
    package let writer: String
    /// Until when, unless more is written.
    package let until: String

    package init(bytes: Int, writer: String, until: String) {
        (self.bytes, self.writer, self.until) = (bytes, writer, until)
    }
}

/// The body of `POST /v1/vms/{id}/console:break`.
package struct ConsoleBreakRequest: APIRequest, Hashable {
    /// A small letter or a digit: what the guest's kernel is asked for.
    package var key: String

    package static let forms = ["key": Schema.pattern("^[a-z0-9]$", longest: 1)]

    package init(key: String) { self.key = key }

    package func validate() throws(Failure) {
        guard key.utf8.count == 1, key.allSatisfy({ ("a"..."z").contains($0) || ("0"..."9").contains($0) }) else {
            throw Failure(.invalidRequest, "key must be a small letter or a digit", pointer: "/key")
        }
    }
}

/// What was pressed.
package struct ConsoleBreakResponse: Codable, Hashable, Sendable {
    package let key: String

    package init(key: String) { self.key = key }
}
