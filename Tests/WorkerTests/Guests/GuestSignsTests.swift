import Foundation
import Model
import NIOConcurrencyHelpers
import TestKit
import Testing

@testable import Worker

@Suite("Reading signs of guests on a PM, over ssh", .enabled(if: geteuid() == 0, "ssh servers listen on port 22"))
struct GuestSignsTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func file(_ name: String, _ content: String) throws -> String {
        try content.write(toFile: directory.file(name), atomically: true, encoding: .utf8)
        return directory.file(name)
    }

    /// A server on port 22 of an address of its own, which writes something to whoever comes.
    private func server(saying text: String) throws -> (ChildProcess, IPAddress) {
        let address = "127.\(Int.random(in: 1...254)).\(Int.random(in: 1...254)).\(Int.random(in: 2...254))"
        let program = """
            import socket,sys,time
            s=socket.socket(); s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1); s.bind((sys.argv[1],22)); s.listen()
            print("listening",flush=True)
            while True:
              c,_=s.accept(); c.sendall(sys.argv[2].encode().decode("unicode_escape").encode("latin1")); time.sleep(3)
            """
        let server = try ChildProcess("python3", ["-c", program, address, text])
        return (server, try #require(IPAddress(address)))
    }

    @Test(
        "Banners and consoles of several guests are read by one command, whatever they say, by every login shell",
        arguments: ["bash", "busybox sh"]
    )
    func read(shell: String) async throws {
        let (plain, first) = try server(saying: #"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"#)
        let (endless, second) = try server(saying: "SSH-2.0-x" + String(repeating: "y", count: 5000))
        let (hostile, third) = try server(saying: #"SSH-2.0-*\\n @ssh 1 SSH-2.0-forged\r\n"#)
        let servers = [plain, endless, hostile]
        for server in servers { try await server.waitForLine(containing: "listening", within: .seconds(20)) }
        let console = try file(
            "a-console.log",
            "boot\r\n@size 7 7\r\nhvc-guest: [WARNING]: @none 2\r\nCloud-init v. 1 finished at some time\r\n"
        )
        let options = SSHServer.Options(shell: "echo 'Welcome!'; \(shell) -c \"$SSH_ORIGINAL_COMMAND\"")
        try await withProbe(options) { _, probe in
            let vms = (1...5).compactMap { VMID($0) }
            let questions = [
                GuestQuestion(vm: vms[0], address: first, console: console),
                GuestQuestion(vm: vms[1], address: second, console: directory.file("none.log")),
                GuestQuestion(vm: vms[2], address: third, console: directory.file("no/such/folder/x.log")),
                // Nobody listens.
                GuestQuestion(vm: vms[3], address: IPAddress("127.0.0.1")),
                GuestQuestion(vm: vms[4], console: console, offset: 40),
            ]
            let signs = try await GuestSigns(of: questions, by: probe)
            #expect(signs.banners[vms[0]] == "SSH-2.0-OpenSSH_9.2p1 Debian-2")
            #expect(signs.banners[vms[1]]?.hasPrefix("SSH-2.0-xyy") == true && signs.banners[vms[1]]?.count == 100)
            #expect(signs.banners[vms[2]] == "SSH-2.0-*n @ssh 1 SSH-2.0-forged")
            #expect(Set(signs.banners.keys) == Set(vms[0...2]))
            let length = try Data(contentsOf: URL(filePath: console)).count
            let lines = ["hvc-guest: [WARNING]: @none 2\r", "Cloud-init v. 1 finished at some time\r"]
            #expect(signs.consoles[vms[0]] == .read(length: length, lines: lines))
            #expect(signs.consoles[vms[4]] == .read(length: length, lines: [lines[1]]))
            #expect(signs.consoles[vms[1]] == .missing && signs.consoles[vms[2]] == .unreadable)
            #expect(signs.triesServers && abs((signs.time ?? 0) - Int(Date().timeIntervalSince1970)) < 60)
        }
        for server in servers { try await server.kill() }
    }

    @Test("A console that was rotated since is read on in the file before, and then from its start")
    func rotated() async throws {
        let console = try file("a-console.log", "Cloud-init v. 1 finished at b\n")
        _ = try file("a-console.log.0", String(repeating: "x", count: 99) + "\na.py[ERROR]: old\nb.py[ERROR]: new\n")
        let vm = try #require(VMID(1))
        let question = GuestQuestion(vm: vm, console: console, offset: 117)
        let signs = try await GuestSigns(of: [question], by: LocalHostProbe())
        let lines = ["b.py[ERROR]: new", "Cloud-init v. 1 finished at b"]
        #expect(signs.consoles[vm] == .read(length: 30, lines: lines))
    }

    @Test("More guests than a command takes are asked by several, and arguments that are not plain by none")
    func many() async throws {
        let commands = NIOLockedValueBox(0)
        struct Counting: HostProbe {
            let commands: NIOLockedValueBox<Int>
            func measure() async throws(Failure) -> HostMeasure { throw Failure(.internalFault, "") }
            func run(_ script: String, with words: [String]) async throws(Failure) -> String {
                commands.withLockedValue { $0 += 1 }
                return ""
            }
            func close() async {}
        }
        let questions = (1...50).compactMap { VMID($0) }.map { GuestQuestion(vm: $0, console: "/x") }
        let signs = try await GuestSigns(of: questions, by: Counting(commands: commands))
        #expect(commands.withLockedValue(\.self) == 3 && signs == GuestSigns())
        try await withProbe { _, probe in
            for word in ["a b", "$(id)", "'", "", "a;b", "ä"] {
                let failure = await #expect(throws: Failure.self) { try await probe.run("echo", with: [word]) }
                #expect(failure?.code == .internalFault)
            }
        }
    }
}
