import Foundation
import NIOConcurrencyHelpers

/// A receiver of webhooks over https: Python's server, which writes down each request that it gets.
///
/// The path says what it answers: `/200` and any other status that, `/slow` nothing for a minute, `/big` more than anybody
/// reads, `/redirect` that it is at `/200`, `/flaky/N` 500 up to the request of that number, and then 200.
package final class WebhookReceiver: Sendable {
    package struct Request: Codable, Sendable {
        package let path: String
        package let headers: [String: String]
        package let body: String

        /// What stands in the body's list of items, by type.
        package var types: [String] { message?.items.map(\.type) ?? [] }
        package var kind: String? { message?.kind }

        private var message: Message? { try? JSONDecoder().decode(Message.self, from: Data(body.utf8)) }
    }

    private struct Message: Decodable {
        struct Item: Decodable {
            let type: String
        }

        let kind: String
        let items: [Item]
    }

    package let port: Int
    /// The certificate of the authority that the receiver's is by.
    package let authority: String
    private let certificates: TemporaryCertificates
    private let process: ChildProcess

    /// Starts a receiver.
    ///
    /// - Parameter name: the name that its certificate is for.
    /// - Throws: ``TestKitError`` where it does not start.
    package init(name: String = "receiver.test") async throws {
        certificates = try await TemporaryCertificates(names: "DNS:\(name)")
        authority = certificates.authority
        process = try ChildProcess("python3", ["-u", "-c", Self.program, certificates.certificate, certificates.key])
        let line = try await process.waitForLine(containing: "port ", within: .seconds(30))
        guard let port = line.split(separator: " ").last.flatMap({ Int($0) }) else {
            throw TestKitError("the receiver says no port: \(line)")
        }
        self.port = port
    }

    /// What it got up to now.
    package func requests(at path: String? = nil) throws -> [Request] {
        try process.lines.map(\.text).filter { $0.hasPrefix("{") }
            .map { try JSONDecoder().decode(Request.self, from: Data($0.utf8)) }
            .filter { path == nil || $0.path == path }
    }

    private static let program = #"""
        import http.server, json, ssl, sys, threading, time, collections
        seen, output = collections.Counter(), threading.Lock()
        class Receiver(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                seen[self.path] += 1
                headers = {name.lower(): value for name, value in self.headers.items()}
                # print() writes the end of the line by itself: another thread's line could come between.
                with output: print(json.dumps({"path": self.path, "headers": headers, "body": body}), flush=True)
                word = self.path.split("?")[0].split("/")[1]
                status = int(word) if word.isdigit() else {"redirect": 302}.get(word, 200)
                if word == "slow": time.sleep(60)
                if word == "flaky" and seen[self.path] < int(self.path.split("/")[2]): status = 500
                self.send_response(status)
                if word == "redirect": self.send_header("location", "/200")
                size = 1 << 20 if word == "big" else 2
                self.send_header("content-length", str(size))
                self.end_headers()
                self.wfile.write(b"x" * size)
            def log_message(self, *arguments): pass
        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            def handle_error(self, *arguments): pass
        server = Server(("127.0.0.1", 0), Receiver)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        print("port", server.server_address[1], flush=True)
        server.serve_forever()
        """#
}
