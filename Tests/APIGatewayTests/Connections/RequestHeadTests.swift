import HTTPTypes
import NIOHTTP1
import Testing

@testable import APIGateway

@Suite("The rules of a request's head that the parser does not check")
struct RequestHeadTests {
    private func head(
        _ fields: HTTPHeaders = ["Host": "a"],
        method: HTTPMethod = .GET,
        uri: String = "/x",
        version: HTTPVersion = .http1_1
    ) -> HTTPRequestHead {
        HTTPRequestHead(version: version, method: method, uri: uri, headers: fields)
    }

    private func status(_ head: HTTPRequestHead) -> Int? {
        do throws(Refusal) {
            _ = try RequestHead(head)
            return nil
        } catch {
            return error.status.code
        }
    }

    @Test("One Host field, and a host and a port in it; none only in HTTP/1.0")
    func host() {
        #expect(status(head([:])) == 400)
        #expect(status(head([:], version: .http1_0)) == nil)
        #expect(status(head(["Host": "a", "host": "a"])) == 400)
        #expect(status(head(["Host": "a", "HOST": "b"], version: .http1_0)) == 400)
        for text in ["a", "", "a:80", "a:", "[::1]", "[::1]:80", "A_b.example", "127.0.0.1:8080", "xn--a%20"] {
            #expect(status(head(["Host": text])) == nil, "\(text)")
        }
        for text in ["a b", "a/b", "a:b", "a:70000", "[::1", "[]", "::1", "a@b", "a,b:1:2", "[::1]80", "ä"] {
            #expect(status(head(["Host": text])) == 400, "\(text)")
        }
    }

    @Test("A body has one length, or is chunked and nothing else")
    func body() throws {
        let cases: [(HTTPHeaders, Int?)] = [
            (["Content-Length": "2"], nil), (["Transfer-Encoding": "chunked"], nil),
            (["Transfer-Encoding": "Chunked"], nil), (["Content-Length": "2", "content-length": "2"], 400),
            (["Content-Length": "2", "Transfer-Encoding": "chunked"], 400), (["Content-Length": "-2"], 400),
            (["Content-Length": "99999999999999999999"], 400), (["Transfer-Encoding": "xchunked"], 501),
            (["Transfer-Encoding": "gzip, chunked"], 501), (["Transfer-Encoding": "identity"], 501),
            (["Transfer-Encoding": "chunked", "transfer-encoding": "chunked"], 400),
        ]
        for (fields, expected) in cases {
            var all = fields
            all.add(name: "Host", value: "a")
            #expect(status(head(all, method: .POST)) == expected, "\(fields)")
        }
        #expect(status(head(["Host": "a", "Transfer-Encoding": "chunked"], version: .http1_0)) == 400)
        #expect(try RequestHead(head(["Host": "a", "Content-Length": "7"])).body == .length(7))
        #expect(try RequestHead(head(["Host": "a", "Transfer-Encoding": "chunked"])).body == .chunked)
        #expect(try RequestHead(head()).body == .length(0))
    }

    @Test("The connection ends with HTTP/1.0, with Connection: close in any case, and with what the parser stops at")
    func last() throws {
        #expect(try !RequestHead(head()).isLast)
        #expect(try RequestHead(head(version: .http1_0)).isLast)
        #expect(try RequestHead(head(["Host": "a", "Connection": "keep-alive"], version: .http1_0)).isLast)
        for text in ["close", "Close", "CLOSE", "foo, Close"] {
            #expect(try RequestHead(head(["Host": "a", "Connection": text])).isLast, "\(text)")
        }
        #expect(try RequestHead(head(["Host": "a", "Connection": "Upgrade", "Upgrade": "h2c"])).isLast)
        #expect(status(head(method: .CONNECT, uri: "a:1")) == 501)
    }

    @Test("Expect: 100-continue is met where there is a body; no other expectation is")
    func expect() throws {
        let fields: HTTPHeaders = ["Host": "a", "Expect": "100-Continue", "Content-Length": "2"]
        #expect(try RequestHead(head(fields)).expectsContinue)
        #expect(try !RequestHead(head(fields, version: .http1_0)).expectsContinue)
        #expect(try !RequestHead(head(["Host": "a", "Expect": "100-continue"])).expectsContinue)
        #expect(status(head(["Host": "a", "Expect": "200-ok"])) == 417)
    }

    @Test("A target in absolute form counts for more than Host")
    func target() throws {
        let cases = [
            ("http://b:81/x?y=1", "/x?y=1", "b:81"), ("HTTP://b", "/", "b"), ("http://b?q", "/?q", "b"),
            ("https://[::1]/x", "/x", "[::1]"), ("/x//y", "/x//y", "a"), ("/http://b/", "/http://b/", "a"),
        ]
        for (target, path, host) in cases {
            let seen = try RequestHead(head(uri: target)).request
            #expect(seen.path == path && seen.authority == host, "\(target)")
        }
        #expect(status(head(method: .OPTIONS, uri: "*")) == nil)
        for target in ["*", "x", "ftp://b/", "http:///x", "http://u@b/", "http:/x", "b:80"] {
            #expect(status(head(uri: target)) == 400, "\(target)")
        }
    }

    @Test("What names this machine whatever a name server says, and what does not")
    func loopback() {
        for text in [
            "localhost", "LOCALHOST:8080", "localhost.", "a.localhost", "127.0.0.1", "127.1.2.3:1", "[::1]", "[::1]:80",
        ] {
            #expect(Authority(text[...])?.isLoopback == true, "\(text)")
        }
        for text in [
            "evil.example", "localhost.evil.example", "notlocalhost", "127.0.0.1.evil.example", "127.0.0", "0.0.0.0",
            "10.0.0.1", "[::]", "[::ffff:10.0.0.1]", "", ".", ".localhost.evil", "127.0.0.256",
        ] {
            #expect(Authority(text[...])?.isLoopback == false, "\(text)")
        }
    }
}
