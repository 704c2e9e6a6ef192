import API
import ArgumentParser
import Model

/// `hvctl inventory`: the VMs as Ansible reads them.
struct Inventory: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the VMs as a dynamic inventory of Ansible.",
        discussion: """
            ansible-playbook -i FILE reads it, where FILE is a script with the line: exec hvctl inventory "$@". VMs are in \
            groups by their labels (label_KEY_VALUE), project, state and image; one without an address is in no_address.
            """
    )

    @OptionGroup var common: CommonOptions

    @Flag(help: "All VMs with their groups.")
    var list = false

    @Option(help: "The variables of one VM.")
    var host: String?

    func validate() throws {
        guard list == (host != nil) else { return }
        throw ValidationError("give --list, or --host NAME")
    }

    func run(in session: Session) async throws {
        let images = try await Self.objects(Endpoints.listImages, session)
        let pms = try await Self.objects(Endpoints.listPMs, session)
        let text = AnsibleInventory(images: images, pms: pms, server: session.server.address)
        if let host {
            let vms =
                try await session.server.call(Endpoints.listVMs, query: [("name", host)]).value["items"]?.items ?? []
            return session.terminal.write((vms.first.map(text.variables) ?? .object([:])).text(isIndented: true) + "\n")
        }
        let vms = try await Self.objects(Endpoints.listVMs, session, query: [("project", session.project)])
        session.terminal.write(text.all(vms).text(isIndented: true) + "\n")
    }

    private static func objects<Item>(
        _ endpoint: Endpoint<NoBody, Page<Item>>,
        _ session: Session,
        query: Server.Query = []
    ) async throws -> [JSONValue] {
        var objects: [JSONValue] = []
        try await session.server.eachPage(of: endpoint, query: query) { items in
            objects += items
            return true
        }
        return objects
    }
}

/// VMs as `ansible-inventory` reads them from a script.
struct AnsibleInventory {
    private let users: [String: String]
    private let pms: [String: String]
    private let server: String

    init(images: [JSONValue], pms: [JSONValue], server: String) {
        users = Dictionary(
            images.compactMap { image in image["login_user"]?.string.map { (image["id"]?.cell ?? "", $0) } }
        ) { $1 }
        self.pms = Dictionary(pms.map { ($0["id"]?.cell ?? "", $0["address"]?.cell ?? "") }) { $1 }
        self.server = server
    }

    func all(_ vms: [JSONValue]) -> JSONValue {
        var groups: [String: [JSONValue]] = [:]
        var variables: [String: JSONValue] = [:]
        for vm in vms {
            let name = Self.name(of: vm, among: variables)
            variables[name] = self.variables(of: vm)
            for group in Self.groups(of: vm) { groups[group, default: []].append(.string(name)) }
        }
        var all = groups.mapValues { hosts in JSONValue.object(["hosts": .array(hosts)]) }
        all["_meta"] = .object(["hostvars": .object(variables)])
        all["all"] = .object(["children": .array(groups.keys.sorted().map { .string($0) })])
        return .object(all)
    }

    func variables(of vm: JSONValue) -> JSONValue {
        var variables: [String: JSONValue] = [:]
        for field in ["id", "project", "state", "labels", "pm_id", "uuid"] { variables["hvc_\(field)"] = vm[field] }
        if let address = vm["primary_ip"] {
            variables["ansible_host"] = address
            variables["ansible_user"] = vm["image_id"].flatMap { users[$0.cell] }.map { .string($0) }
            variables["ansible_ssh_common_args"] = .string(arguments(for: vm))
        }
        return .object(variables)
    }

    private func arguments(for vm: JSONValue) -> String {
        let found = vm["addresses"]?.items?.first { $0["address"]?.string == vm["primary_ip"]?.string }
        var words = [
            "-o HostKeyAlias=\(GuestLogin.hostKeyAlias(vm["uuid"]?.cell ?? ""))", "-o StrictHostKeyChecking=accept-new",
        ]
        if found?["scope"]?.string == "pm", let pm = found?["via"].flatMap({ pms[$0.cell] }),
            let jump = try? GuestLogin.jump(to: pm, from: server)
        {
            words.append("-J \(jump)")
        }
        return words.joined(separator: " ")
    }

    /// Ansible knows hosts by their names, and VMs may share one.
    private static func name(of vm: JSONValue, among taken: [String: JSONValue]) -> String {
        let name = vm["name"]?.cell ?? ""
        return taken[name] == nil && !name.isEmpty ? name : "\(name)-\(vm["id"]?.cell ?? "")"
    }

    private static func groups(of vm: JSONValue) -> [String] {
        var groups = ["project_\(vm["project"]?.cell ?? "")", "state_\(vm["state"]?.cell ?? "")"]
        if case .object(let labels)? = vm["labels"] { groups += labels.map { "label_\($0.key)_\($0.value.cell)" } }
        if vm["primary_ip"] == nil { groups.append("no_address") }
        return groups.map { String($0.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }) }.sorted()
    }
}
