import Foundation
import Model
import Subprocess

/// Sends a message, once.
protocol WebhookSender: Sendable {
    func send(_ message: WebhookMessage) async throws(Failure) -> WebhookAnswer
}

/// Sends by curl, to addresses that were checked before.
///
/// The name is resolved once. What is connected to is what was checked, whatever the name leads to by then; TLS is verified
/// against the name. Redirects are not followed, and proxies of the environment are not used.
struct CurlSender: WebhookSender {
    let settings: WebhookSettings
    /// What bounds how many messages are sent at once.
    var slots = ConnectionSlots()
    var resolver = HostResolver()

    /// How long a message waits for others.
    private static let longestQueue = Duration.seconds(60)
    private static let connectTimeout = 5
    private static let timeout = 10
    /// How much of the receiver's answer is taken in; nobody reads it.
    private static let answerLimit = 64 * 1024

    func send(_ message: WebhookMessage) async throws(Failure) -> WebhookAnswer {
        let url = try WebhookURL(message.url)
        guard url.scheme == .https || settings.allowsHTTP else {
            return .none("http is not taken by the workers: set HVC_WEBHOOK_HTTP=on, or use https")
        }
        guard let slot = await slots.take(within: Self.longestQueue) else {
            return .none("the worker sends to as many receivers as its limit of open files allows")
        }
        defer { withExtendedLifetime(slot) {} }
        let addresses: [IPAddress]
        switch await settings.rule.checked(url, resolver) {
        case .success(let checked): addresses = checked
        case .failure(let refusal): return .none(refusal.reason)
        }
        let configuration = CurlConfiguration(
            url: url,
            addresses: addresses,
            headers: try message.headers(at: .now),
            body: message.body,
            authority: settings.authority,
            times: (Self.connectTimeout, Self.timeout)
        )
        return await run(configuration, addresses)
    }

    private func run(_ configuration: CurlConfiguration, _ addresses: [IPAddress]) async -> WebhookAnswer {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: ProbeProcess.grace)
        ]
        do {
            let result = try await Subprocess.run(
                .name("curl"),
                // No file of this user is read; the URL may hold a secret, and stands in no list of processes.
                arguments: ["-q", "--config", "-"],
                environment: .custom(["PATH": Self.path, "LC_ALL": "C"]),
                platformOptions: options,
                input: .string(configuration.text),
                output: .bytes(limit: Self.answerLimit),
                error: .bytes(limit: ProbeProcess.outputLimit)
            )
            let report = CurlReport(String(decoding: result.standardError, as: UTF8.self))
            return report.answer(exited: result.terminationStatus == .exited(0), expecting: addresses)
        } catch let error as SubprocessError where error.code == .outputLimitExceeded {
            return .none("the answer has more than \(Self.answerLimit) bytes")
        } catch let error as SubprocessError where error.code == .executableNotFound {
            return .none("curl is not in PATH: install it on the workers")
        } catch {
            return .none("curl could not be run: \(PrintableText.line("\(error)", limit: 200))")
        }
    }

    private static let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
}

extension AddressRule {
    /// Why a receiver is not connected to.
    struct Refusal: Error {
        let reason: String
    }

    /// The addresses of a receiver that may be connected to: some of those that its name leads to now.
    func checked(_ url: WebhookURL, _ resolver: HostResolver) async -> Result<[IPAddress], Refusal> {
        let found: [IPAddress]
        if let address = url.address {
            found = [address]
        } else {
            switch await resolver.addresses(of: url.host) {
            case .success(let addresses): found = addresses
            case .failure(let refusal): return .failure(refusal)
            }
        }
        let allowed = found.filter { refusal(of: $0) == nil }
        guard allowed.isEmpty else { return .success(Array(allowed.prefix(4))) }
        let refusals = found.prefix(4).compactMap { address in refusal(of: address).map { "\(address) is \($0)" } }
        return .failure(
            Refusal(
                reason: "\(url.host) is not connected to: \(refusals.joined(separator: ", ")); "
                    + "HVC_WEBHOOK_NETWORKS of the workers allows networks"
            )
        )
    }
}
