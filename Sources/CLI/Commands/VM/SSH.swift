import API
import ArgumentParser
import Model

/// `hvctl ssh`: a shell in a guest, or a command.
struct SSH: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Logs in to a guest by ssh, or runs a command in it.",
        discussion: """
            It goes through the VM's PM where the address is known there alone, and logs in as the image says. The guest's \
            host key is kept at the first login, by the VM and not by its address, and compared from then on.
            """
    )

    @OptionGroup var common: CommonOptions

    @Option(name: [.customShort("u"), .long], help: "As whom; without it, as the image says.")
    var user: String?

    @Option(name: [.customShort("i"), .long], help: "The file of the private key.", completion: .file())
    var identity: String?

    @Option(
        name: [.customShort("F"), .customLong("ssh-config")],
        help: "A configuration of ssh to use.",
        completion: .file()
    )
    var configuration: String?

    @Option(help: ArgumentHelp("How long to wait for the address.", valueName: "time"))
    var timeout: Span = Span(.seconds(60))

    @Argument(help: "Its name or number.", completion: VMNoun.completion)
    var vm: String

    @Argument(parsing: .captureForPassthrough, help: "A command with its arguments.")
    var command: [String] = []

    func run(in session: Session) async throws {
        let watch = LevelWatch(
            session: session,
            vm: vm,
            level: .address,
            deadline: .now + timeout.duration,
            timeout: timeout
        )
        let object = try await watch.reached()
        let login = try await GuestLogin(object, user: user, in: session)
        let folder = Profiles.path.lastIndex(of: "/").map { String(Profiles.path[..<$0]) } ?? "."
        var words = ["ssh"]
        if let configuration { words += ["-F", configuration] }
        if let identity { words += ["-i", identity] }
        words += login.words(knownHosts: folder + "/known_hosts") + command.drop { $0 == "--" }
        throw Program.replace(with: words)
    }
}

/// How a guest is reached by ssh.
struct GuestLogin {
    let address: String
    let uuid: String
    let user: String?
    /// The PM to go through; nil where the address is reached from here.
    let jump: String?

    init(address: String, uuid: String, user: String?, jump: String?) {
        (self.address, self.uuid, self.user, self.jump) = (address, uuid, user, jump)
    }

    /// - Throws: ``CommandFailure`` where there is no way from here.
    init(_ vm: JSONValue, user: String?, in session: Session) async throws(CommandFailure) {
        address = vm["primary_ip"]?.string ?? ""
        uuid = vm["uuid"]?.string ?? ""
        let found = vm["addresses"]?.items?.first { $0["address"]?.string == vm["primary_ip"]?.string }
        if found?["scope"]?.string == "pm", let pm = found?["via"]?.cell {
            let machine = try await session.server.call(Endpoints.readPM, [pm]).value
            jump = try Self.jump(to: machine["address"]?.string ?? "", from: session.server.address)
        } else {
            jump = nil
        }
        if user == nil, let image = vm["image_id"]?.cell {
            // An image that is listed no more says nothing of its user.
            self.user = (try? await session.server.call(Endpoints.readImage, [image]))?.value["login_user"]?.string
        } else {
            self.user = user
        }
    }

    /// What ssh calls a PM; nil where it is this machine.
    static func jump(to address: String, from server: String) throws(CommandFailure) -> String? {
        let route: PMAddress.Route
        do throws(Failure) { route = try PMAddress(address).route } catch {
            throw CommandFailure(.failed, code: error.code.rawValue, error.message)
        }
        switch route {
        case .ssh(let destination): return destination.authority
        case .local:
            let isHere = ["127.", "localhost", "[::1]"].contains {
                server.hasPrefix("http://\($0)") || server.hasPrefix("https://\($0)")
            }
            guard !isHere else { return nil }
            throw CommandFailure(
                .failed,
                code: "no_way",
                "the VM's PM is the worker's own machine, which is not this one",
                next: ["log in there, and run hvctl ssh"]
            )
        case .libvirtOnly, .simulated:
            throw CommandFailure(.failed, code: "no_way", "ssh does not reach the VM's PM, \(address)")
        }
    }

    /// The name under which a VM's host key is kept: addresses are used again by other VMs.
    static func hostKeyAlias(_ uuid: String) -> String { "hvc-" + uuid.filter { $0.isHexDigit || $0 == "-" } }

    /// The words of ssh up to the guest's address.
    func words(knownHosts: String) -> [String] {
        var words = [
            "-o", "HostKeyAlias=\(Self.hostKeyAlias(uuid))", "-o", "StrictHostKeyChecking=accept-new",
            "-o", "UserKnownHostsFile=\"\(knownHosts)\"",
        ]
        if let jump { words += ["-J", jump] }
        if let user { words += ["-l", user] }
        return words + ["--", address]
    }
}
