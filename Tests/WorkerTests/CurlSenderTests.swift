import Foundation
import Model
import TestKit
import Testing

@testable import Worker

@Suite("Sending a message by curl", .timeLimit(.minutes(1)))
struct CurlSenderTests {
    /// Names lead to this machine, as a hostile name server would have it.
    private static let resolver = HostResolver(command: ["sh", "-c", "echo 127.0.0.1 STREAM; echo 127.0.0.1 DGRAM"])

    private func message(_ url: String) -> WebhookMessage {
        WebhookMessage(url: url, id: "1-1-1", body: #"{"kind":"test","items":[]}"#, secret: WebhookSecret())
    }

    private func sender(_ receiver: WebhookReceiver, open: Bool = true) throws -> CurlSender {
        var settings = WebhookSettings()
        settings.rule = AddressRule(allowing: open ? [try #require(IPNetwork("127.0.0.1"))] : [])
        settings.authority = receiver.authority
        return CurlSender(settings: settings, resolver: Self.resolver)
    }

    @Test("It arrives with its headers and its body, and the status comes back; redirects are not followed")
    func arrives() async throws {
        let receiver = try await WebhookReceiver()
        let (sender, base) = (try sender(receiver), "https://receiver.test:\(receiver.port)")
        for status in [200, 204, 404, 500] {
            #expect(try await sender.send(message("\(base)/\(status)?a=%2F&b='")) == .status(status))
        }
        let request = try #require(try receiver.requests().first)
        #expect(request.path == "/200?a=%2F&b='" && request.body == #"{"kind":"test","items":[]}"#)
        #expect(request.headers["webhook-id"] == "1-1-1" && request.headers["content-type"] == "application/json")
        #expect(request.headers["host"] == "receiver.test:\(receiver.port)" && request.headers["authorization"] == nil)
        #expect(request.headers["webhook-signature"]?.hasPrefix("v1,") == true)
        #expect(try await sender.send(message("\(base)/redirect")) == .status(302))
        #expect(try receiver.requests(at: "/200").isEmpty, "the redirect led there")
    }

    @Test("Who has no certificate for the name, or none that is trusted, gets nothing")
    func verified() async throws {
        let receiver = try await WebhookReceiver(name: "other.test")
        let base = "https://receiver.test:\(receiver.port)/200"
        guard case .none(let why) = try await sender(receiver).send(message(base)) else {
            throw TestKitError("a certificate of another name is taken")
        }
        #expect(why.contains("certificate"), "\(why)")
        var settings = WebhookSettings()
        settings.rule = AddressRule(allowing: [try #require(IPNetwork("127.0.0.1"))])
        let stranger = CurlSender(settings: settings, resolver: Self.resolver)
        guard case .none(let reason) = try await stranger.send(message(base.replacing("receiver", with: "other")))
        else {
            throw TestKitError("an authority that nobody trusts is taken")
        }
        #expect(reason.contains("certificate"), "\(reason)")
        #expect(try receiver.requests().isEmpty)
    }

    @Test("A name or an address that leads to this machine or its network is not connected to, and http is not taken")
    func refused() async throws {
        let receiver = try await WebhookReceiver()
        let closed = try sender(receiver, open: false)
        for host in ["receiver.test", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254"] {
            guard case .none(let why) = try await closed.send(message("https://\(host):\(receiver.port)/200")) else {
                throw TestKitError("\(host) is connected to")
            }
            #expect(why.contains("is not connected to") && why.contains("HVC_WEBHOOK_NETWORKS"), "\(why)")
        }
        guard case .none(let why) = try await sender(receiver).send(message("http://receiver.test:\(receiver.port)/"))
        else { throw TestKitError("http is taken") }
        #expect(why.contains("HVC_WEBHOOK_HTTP"))
        let nowhere = HostResolver(command: ["false"])
        guard
            case .none(let lost) = try await CurlSender(settings: WebhookSettings(), resolver: nowhere).send(
                message("https://a.test/")
            )
        else { throw TestKitError("a name without an address") }
        #expect(lost == "the name a.test leads to no address")
        #expect(try receiver.requests().isEmpty)
    }

    @Test("An answer is taken in up to a bound")
    func big() async throws {
        let receiver = try await WebhookReceiver()
        let answer = try await sender(receiver).send(message("https://receiver.test:\(receiver.port)/big"))
        guard case .none(let why) = answer else { throw TestKitError("all of it is read") }
        #expect(why.contains("more than 65536 bytes"))
    }

    @Test("curl reads no value as more than a value, uses no proxy, and connects to what was checked alone")
    func configuration() throws {
        let configuration = CurlConfiguration(
            url: try WebhookURL("https://receiver.test/a?b"),
            addresses: [try #require(IPAddress("192.0.2.1")), try #require(IPAddress("2001:db8::1"))],
            headers: [("x", "a\"\nurl = \"https://evil.test/\"")],
            body: "{\"a\":\"\\\"\\u000a\"}\r\n\t",
            authority: nil,
            times: (1, 2)
        )
        let lines = configuration.text.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("url") } == 1 && lines.count { $0.hasPrefix("resolve") } == 1)
        #expect(lines.contains(#"resolve = "receiver.test:443:192.0.2.1,[2001:db8:0:0:0:0:0:1]""#))
        #expect(lines.contains(#"noproxy = "*""#) && lines.contains(#"url = "https://receiver.test:443/a?b""#))
        #expect(lines.contains(#"data-binary = "{\"a\":\"\\\"\\u000a\"}\r\n\t""#))
        #expect(!configuration.text.contains("location"))
        let elsewhere = CurlReport("\n200 192.0.2.9 ").answer(exited: true, expecting: configuration.addresses)
        guard case .none = elsewhere else { throw TestKitError("another address is taken") }
        let same = CurlReport("\n200 2001:db8::1 ").answer(exited: true, expecting: configuration.addresses)
        #expect(same == .status(200))
    }

    @Test("This machine's own resolver knows localhost, and says where a name is unknown")
    func resolved() async throws {
        let local = try await HostResolver().addresses(of: "localhost").get()
        #expect(local.contains { $0.description == "127.0.0.1" || $0.description == "0:0:0:0:0:0:0:1" })
    }
}
