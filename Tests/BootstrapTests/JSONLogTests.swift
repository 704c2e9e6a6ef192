import Bootstrap
import Foundation
import Logging
import Testing

@Suite("Logs as JSON")
struct JSONLogTests {
    private func lines(_ write: (inout Logger) -> Void) throws -> [[String: Any]] {
        let pipe = Pipe()
        let writer = LogWriter(to: pipe.fileHandleForWriting)
        var logger = Logger(label: "test") { JSONLogHandler(label: $0, writer: writer) }
        write(&logger)
        writer.flush()
        try pipe.fileHandleForWriting.close()
        let text = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        return try text.split(separator: "\n").map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    @Test("Each line is one object with ids as fields, whatever stands in messages and values")
    func form() throws {
        let odd = "a \"b\" \\ \n\u{1}\u{7F} é"
        let found = try lines { logger in
            for (key, value) in ["worker": "w", "job": "7", "vm": "3"] { logger[metadataKey: key] = "\(value)" }
            logger.info("\(odd)", metadata: ["error": "\(odd)", "vm": "4", "pm": "-", "level": "x", "other": "12"])
            logger.info("plain")
        }
        #expect(found.count == 2)
        let first = try #require(found.first)
        #expect(first["message"] as? String == odd && first["error"] as? String == odd)
        #expect(first["job"] as? Int == 7 && first["vm"] as? Int == 4 && first["pm"] as? String == "-")
        #expect(first["worker"] as? String == "w" && first["other"] as? String == "12")
        #expect(first["level"] as? String == "info" && first["level_"] as? String == "x")
        #expect(first["program"] as? String == "test" && (first["time"] as? String)?.hasSuffix("Z") == true)
        #expect(found.last?["message"] as? String == "plain" && found.last?["vm"] as? Int == 3)
    }
}
