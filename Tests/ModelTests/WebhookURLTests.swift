import Foundation
import Model
import Testing

@Suite("The URL of a webhook")
struct WebhookURLTests {
    @Test(
        "What curl is to ask for has one meaning: its parts are written out",
        arguments: [
            ("https://receiver.example/events", "https://receiver.example:443/events"),
            ("https://Receiver.Example", "https://receiver.example:443/"),
            ("https://receiver.example:8443/a?b=%2Fc&d=e", "https://receiver.example:8443/a?b=%2Fc&d=e"),
            ("https://receiver.example?b", "https://receiver.example:443/?b"),
            ("https://localhost/", "https://localhost:443/"), ("https://127.0.0.1/x", "https://127.0.0.1:443/x"),
            ("https://[::1]:9/x", "https://[::1]:9/x"), ("https://1.2.receiver.a1/", "https://1.2.receiver.a1:443/"),
        ]
    )
    func taken(text: String, written: String) throws {
        #expect(try WebhookURL(text).description == written)
        #expect(try Regex(WebhookURL.pattern).wholeMatch(in: text) != nil, "the document's form takes it, too")
    }

    @Test(
        "What one program reads as one host and another program as another one is refused",
        arguments: [
            "", "receiver.example", "ftp://receiver.example/", "file:///etc/passwd", "https://", "https:///x",
            "https://user@receiver.example/", "https://user:word@receiver.example/",
            "https://receiver.example@127.0.0.1/",
            "https://receiver.example#@127.0.0.1/", "https://receiver.example\\@127.0.0.1/", "https://127.1/",
            "https://0x7f.0.0.1/", "https://0x7f000001/", "https://2130706433/", "https://0177.0.0.1/",
            "https://127.0.0.1.", "https://receiver.example./", "https://127.0.0.256/", "https://1.2.3.4.5/",
            "https://[::1/", "https://::1/", "https://[127.0.0.1]/", "https://[fe80::1%25eth0]/", "https://[::1]x/",
            "https://receiver.example:0/", "https://receiver.example:65536/", "https://receiver.example:x/",
            "https://receiver.example:/", "https://receiver.example:+1/", "https://rec eiver.example/",
            "https://receiver.example/a b", "https://receiver.example/a\nb", "https://receiver.example/\"",
            "https://receiver.example/#a", "https://réceiver.example/", "https://ⓔxample.com/", "https://-a.example/",
            "https://a-.example/", "https://a..example/", "https://a_b.example/", "https://%31.example/",
            "https://receiver.example,10.0.0.1/", "https://{a,b}.example/", "https://receiver.example/[1-9]",
            "https://\(String(repeating: "a", count: 64)).example/",
            "https://receiver.example/\(String(repeating: "a", count: 2048))",
        ]
    )
    func refused(text: String) throws {
        let failure = #expect(throws: Failure.self) { try WebhookURL(text) }
        #expect(failure?.code == .invalidRequest)
        let isTooLong = text.utf8.count > WebhookURL.longest
        #expect(try isTooLong || Regex(WebhookURL.pattern).wholeMatch(in: text) == nil || text.contains("[::1"))
    }

    @Test("http is read, and is not of the form that the document has")
    func http() throws {
        let url = try WebhookURL("http://receiver.example/")
        #expect(url.scheme == .http && url.port == 80)
        #expect(try Regex(WebhookURL.pattern).wholeMatch(in: "http://receiver.example/") == nil)
    }

    @Test("A secret is as long as its form says, and one that is made is of that form and of no other's")
    func secrets() throws {
        for bytes in 0...80 {
            let text = "whsec_" + Data(repeating: 7, count: bytes).base64EncodedString()
            let isTaken = (24...62).contains(bytes)
            #expect(((try? WebhookSecret(text)) != nil) == isTaken, "\(bytes)")
            #expect(try (Regex(WebhookSecret.pattern).wholeMatch(in: text) != nil) == isTaken, "\(bytes)")
        }
        for text in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa!w"] {
            let failure = #expect(throws: Failure.self) { try WebhookSecret(text) }
            #expect(failure.map { text.isEmpty || !$0.message.contains("MfKQ") } == true, "a failure shows no secret")
        }
        let made = WebhookSecret()
        #expect(try WebhookSecret(made.text) == made && made.bytes.count == 32 && WebhookSecret() != made)
        #expect(try Regex(WebhookSecret.pattern).wholeMatch(in: made.text) != nil)
    }
}
