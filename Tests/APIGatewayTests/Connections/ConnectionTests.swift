import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import APIGateway

@Suite("What a client may do with its connection")
struct ConnectionTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
    private static let post = "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n"

    // MARK: One request at a time

    @Test("Of many requests that come at once, the next begins when the answer before it was taken")
    func pipelined() throws {
        let connection = try TestConnection()
        try connection.send(Self.get + Self.post + "0123456789" + Self.get + Self.get)
        for (target, body) in [("GET /a h", nil), ("POST /p h", "0123456789"), ("GET /a h", nil), ("GET /a h", nil)] {
            #expect(try connection.requested() == target)
            if let body { #expect(try connection.requested() == body) }
            #expect(try connection.requested() == "end")
            #expect(try connection.requested() == nil)
            try connection.answer()
            #expect(try connection.received().hasSuffix("\r\n\r\n1"))
        }
        #expect(connection.isOpen)
    }

    @Test("Nothing is begun for a client that does not take its answer, and it is cut off")
    func unread() throws {
        let connection = try TestConnection()
        connection.isReading = false
        try connection.send(Self.get + Self.get)
        #expect(try connection.requested() == "GET /a h")
        #expect(try connection.requested() == "end")
        try connection.answer()
        #expect(try connection.requested() == nil)
        connection.advance(.seconds(29))
        #expect(connection.isOpen)
        connection.advance(.seconds(2))
        #expect(!connection.isOpen)
    }

    @Test("A client that takes its answer late goes on")
    func late() throws {
        let connection = try TestConnection()
        connection.isReading = false
        try connection.send(Self.get + Self.get)
        try connection.answer()
        connection.advance(.seconds(20))
        connection.isReading = true
        connection.advance(.seconds(20))
        #expect(connection.isOpen)
        #expect(try connection.received().contains("200 OK"))
        #expect(try [connection.requested(), connection.requested(), connection.requested()].last == "GET /a h")
    }

    @Test("An answer goes out in one piece where it is short, and whole where it is long")
    func answers() throws {
        let connection = try TestConnection()
        try connection.send(Self.get)
        try connection.answer()
        #expect(try connection.channel.readOutbound(as: IOData.self) != nil)
        #expect(try connection.channel.readOutbound(as: IOData.self) == nil)
        let long = String(repeating: "x", count: 100_000)
        try connection.send(Self.get)
        try connection.answer(body: long)
        #expect(try connection.received() == "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + long)
        #expect(connection.isOpen)
    }

    @Test("Heads and bodies in any pieces are the same requests")
    func pieces() throws {
        let chunked =
            "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        let text = Self.get + chunked + Self.post + "\r\n\r\n234567" + Self.get
        for size in [1, 2, 3, 5, 7, 30, 1000] {
            let connection = try TestConnection()
            var seen: [String] = []
            var rest = Substring(text)
            while !rest.isEmpty {
                try connection.send(String(rest.prefix(size)))
                rest = rest.dropFirst(size)
                while let part = try connection.requested() {
                    if part == "end" { try connection.answer() }
                    seen.append(part)
                }
            }
            #expect(seen.joined() == "GET /a hendPOST /c habcdeendPOST /p h\r\n\r\n234567endGET /a hend", "\(size)")
        }
    }

    // MARK: Time

    @Test("A head that does not come in time is refused")
    func slowHead() throws {
        let connection = try TestConnection()
        for byte in "GET /a HTTP/1.1" {
            try connection.send(String(byte))
            connection.advance(.milliseconds(950))
        }
        #expect(connection.isOpen)
        connection.advance(.seconds(1))
        #expect(try connection.received().hasPrefix("HTTP/1.1 408 "))
        connection.advance(.seconds(3))
        #expect(!connection.isOpen)
    }

    @Test("A body that trickles fails its request, which is answered before the connection ends")
    func slowBody() throws {
        let connection = try TestConnection()
        try connection.send(Self.post)
        for _ in 0..<9 {
            try connection.send("x")
            connection.advance(.seconds(1))
        }
        #expect(connection.fault == nil)
        connection.advance(.seconds(2))
        #expect(connection.fault != nil)
        try connection.answer(.requestTimeout)
        let answer = try connection.received()
        #expect(answer.hasPrefix("HTTP/1.1 408 ") && answer.contains("Connection: close"))
        connection.advance(.seconds(3))
        #expect(!connection.isOpen)
    }

    @Test("A body that keeps coming has the time that it takes")
    func steadyBody() throws {
        let connection = try TestConnection()
        try connection.send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 61440\r\n\r\n")
        for _ in 0..<30 {
            try connection.send(String(repeating: "x", count: 2048))
            connection.advance(.seconds(1))
        }
        #expect(connection.fault == nil)
        #expect(connection.isOpen)
    }

    @Test("A caller that waits for its outcome may wait for an hour; without a request it is a minute")
    func waiting() throws {
        let connection = try TestConnection()
        try connection.send(Self.get)
        connection.advance(.hours(1))
        try connection.answer()
        #expect(try connection.received().contains("200 OK"))
        connection.advance(.seconds(59))
        #expect(connection.isOpen)
        connection.advance(.seconds(2))
        #expect(!connection.isOpen)
    }

    // MARK: The last answer

    @Test("An answer before the end of the body is the last one; what still comes is thrown away, up to a bound")
    func answeredEarly() throws {
        let connection = try TestConnection()
        try connection.send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\nabc")
        #expect(try [connection.requested(), connection.requested()].last == "abc")
        try connection.answer(.unauthorized)
        #expect(try connection.received().contains("Connection: close"))
        try connection.send(String(repeating: "x", count: 100_000) + Self.get)
        #expect(try connection.requested() == nil)
        #expect(connection.isOpen)
        try connection.send(String(repeating: "x", count: 200_000))
        #expect(!connection.isOpen)
    }

    @Test("After the last answer a connection ends soon, whatever its client does")
    func drained() throws {
        let connection = try TestConnection()
        try connection.send(Self.post)
        try connection.answer(.unauthorized)
        #expect(connection.isOpen)
        connection.advance(.seconds(3))
        #expect(!connection.isOpen)
    }

    @Test("With Connection: close in any case the connection ends, and nothing after it is begun")
    func lastRequest() throws {
        let connection = try TestConnection()
        try connection.send("GET /a HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n" + Self.get)
        try connection.answer()
        #expect(try connection.received().contains("Connection: close"))
        #expect(try [connection.requested(), connection.requested(), connection.requested()].last == .some(nil))
        connection.advance(.seconds(3))
        #expect(!connection.isOpen)
    }

    @Test("A client that has sent its request and no more gets its answer")
    func halfClosed() throws {
        let connection = try TestConnection()
        try connection.send(Self.get)
        connection.sendEnd()
        #expect(connection.isOpen)
        try connection.answer()
        #expect(try connection.received().contains("Connection: close"))
        #expect(!connection.isOpen)
    }

    // MARK: Faults

    @Test("A malformed request is refused; the one before it is answered first")
    func malformed() throws {
        let connection = try TestConnection()
        try connection.send(Self.get + "nonsense\r\n\r\n")
        try connection.answer()
        let answers = try connection.received()
        #expect(answers.hasPrefix("HTTP/1.1 200 ") && answers.contains("HTTP/1.1 400 "))
        #expect(answers.contains("X-HVC-Code: invalid_request"))
    }

    @Test("A malformed body is a fault of its request, not of the gateway")
    func malformedBody() throws {
        let connection = try TestConnection()
        try connection.send("POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n")
        #expect(connection.fault != nil)
        try connection.answer(.badRequest)
        #expect(try connection.received().contains("Connection: close"))
    }

    @Test("A body that ends before its length fails its request")
    func cutShort() throws {
        let connection = try TestConnection()
        try connection.send(Self.post + "abc")
        connection.sendEnd()
        #expect(connection.fault != nil)
    }

    @Test("100 Continue is sent when the body is about to be read, once, and not before")
    func expectation() throws {
        let connection = try TestConnection()
        try connection.send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        #expect(try connection.received() == "")
        for _ in 0..<2 { connection.wantBody() }
        #expect(try connection.received() == "HTTP/1.1 100 Continue\r\n\r\n")
        try connection.send("{}")
        try connection.answer()
        #expect(try connection.received().hasPrefix("HTTP/1.1 200 "))
        #expect(connection.isOpen)
    }

    // MARK: The stop

    @Test("A stop closes who has no request, lets answers out, and does not wait for bodies that trickle")
    func stop() throws {
        let idle = try TestConnection()
        idle.stop()
        #expect(!idle.isOpen)

        let served = try TestConnection()
        try served.send(Self.get)
        served.stop()
        served.advance(.seconds(20))
        try served.answer()
        #expect(try served.received().contains("Connection: close"))
        #expect(!served.isOpen)

        let trickling = try TestConnection()
        try trickling.send(Self.post)
        trickling.stop()
        trickling.advance(.seconds(2))
        #expect(trickling.fault != nil)
        try trickling.answer(.requestTimeout)
        #expect(!trickling.isOpen)

        let unread = try TestConnection()
        unread.isReading = false
        try unread.send(Self.get)
        try unread.answer()
        unread.stop()
        unread.advance(.seconds(2))
        #expect(!unread.isOpen)
    }
}
