import Foundation
import Libvirt
import Model

extension LibvirtHypervisor {
    /// How long a console is open at most before it is opened anew.
    private static let longestWriting = Duration.seconds(3600)

    func write(_ queue: ConsoleQueue, toConsoleOf vm: UUID, isForced: Bool) async throws(Failure) {
        let doing = "writing to a console"
        try await perform(doing, deadline: Self.longestWriting, grace: settings.grace, over: consoleConnection) {
            [failure] session in
            guard let domain = try session.domain(uuid: vm) else {
                throw failure(.hypervisor, "\(doing): the VM has no domain there")
            }
            let console: ConsoleStream
            do throws(LibvirtError) { console = try ConsoleStream(of: domain, in: session, isForced: isForced) } catch {
                if let known = try Self.failure(error, of: domain, failure) { throw known }
                throw error
            }
            while !queue.isClosed {
                try session.cancellation.check()
                guard try console.discard() else {
                    throw failure(
                        .wrongState,
                        "\(doing): the console was closed: the guest was switched off, or lost it"
                    )
                }
                guard try !queue.send(by: { try console.send($0) }) else { continue }
                Thread.sleep(forTimeInterval: 0.01)
            }
            // What was taken is on its way; the guest gets it before the console is closed.
            let end = Date(timeIntervalSinceNow: 1.2)
            while Date() < end, try console.discard() { Thread.sleep(forTimeInterval: 0.05) }
        }
    }

    private static func failure(
        _ error: LibvirtError,
        of domain: Domain,
        _ failure: LibvirtFailure
    ) throws(LibvirtError) -> Failure? {
        if error.message.contains("console session exists") {
            return failure(
                .consoleBusy,
                "somebody has the console open there (virsh console): take=true takes it over",
                cause: error.description
            )
        }
        guard error.kind == .operationInvalid, try !domain.isActive() else { return nil }
        return failure(.wrongState, "the VM does not run: nobody would read what is written", cause: error.description)
    }

    func pressSysRq(_ key: Character, of vm: UUID) async throws(Failure) {
        guard let code = LinuxKey.codes[key] else {
            throw Failure(.invalidRequest, "'\(key)' is no key of a request to the kernel: give a letter or a digit")
        }
        try await perform("pressing keys") { [failure] session in
            guard let domain = try session.domain(uuid: vm) else {
                throw failure(.hypervisor, "pressing keys: the VM has no domain there")
            }
            guard try domain.isActive() else { throw failure(.wrongState, "the VM does not run: it has no keyboard") }
            try domain.press([LinuxKey.leftAlt, LinuxKey.sysRq, code])
        }
    }
}

/// The numbers that Linux gives keys (linux/input-event-codes.h).
enum LinuxKey {
    static let leftAlt: UInt32 = 56
    static let sysRq: UInt32 = 99

    /// Of letters and digits.
    static let codes: [Character: UInt32] = {
        let rows: [(String, UInt32)] = [("1234567890", 2), ("qwertyuiop", 16), ("asdfghjkl", 30), ("zxcvbnm", 44)]
        let pairs = rows.flatMap { row, first in zip(row, first...) }
        return Dictionary(uniqueKeysWithValues: pairs.map { ($0, $1) })
    }()
}
