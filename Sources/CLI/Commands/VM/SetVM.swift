import API
import ArgumentParser

/// `hvctl set`: changes what its owner says of a VM.
struct SetVM: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Changes the name, the labels or the description of a VM."
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its name or number.", completion: VMNoun.completion)
    var vm: String

    @Option(help: "The new name.")
    var name: String?

    @Option(
        name: [.customShort("l"), .customLong("label")],
        help: ArgumentHelp("A label to have.", valueName: "key=value")
    )
    var labels: [String] = []

    @Option(name: .customLong("remove-label"), help: ArgumentHelp("A label to take away.", valueName: "key"))
    var removed: [String] = []

    @Option(help: "The new description; empty for none.")
    var description: String?

    func validate() throws {
        guard name == nil, labels.isEmpty, removed.isEmpty, description == nil else { return }
        throw ValidationError("nothing to change: give --name, --label, --remove-label or --description")
    }

    func run(in session: Session) async throws {
        let pairs = try Pair.dictionary(labels, of: "label")
        var body = UpdateVMRequest(name: name, description: description)
        var fields: [(String, String)] = []
        if !pairs.isEmpty || !removed.isEmpty {
            // A change by somebody else in between must not be lost: labels are sent as a whole.
            let answer = try await session.server.call(Endpoints.readVM, [vm])
            var all: [String: String] = [:]
            if case .object(let members)? = answer.value["labels"] { all = members.mapValues(\.cell) }
            for key in removed { all[key] = nil }
            body.labels = all.merging(pairs) { _, new in new }
            if let tag = answer["etag"] { fields.append(("If-Match", tag)) }
        }
        let answer = try await session.server.call(Endpoints.updateVM, [vm], body: body, fields: fields)
        session.show(answer.value, as: Session.line(of: answer.value))
    }
}
