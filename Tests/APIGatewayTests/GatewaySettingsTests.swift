import Bootstrap
import Model
import Testing

@testable import APIGateway

@Suite("The gateway's settings")
struct GatewaySettingsTests {
    @Test("All settings that cannot be taken are reported at once, each by its name")
    func allAtOnce() {
        let environment = ["HVC_PORT": "http", "HVC_WAIT": "-1", "HVC_HOST": "0.0.0.0", "HVC_PREFIX": "a b"]
        let input = #expect(throws: InvalidInput.self) { try GatewaySettings(environment: environment) }
        let messages = input?.failures.map(\.message) ?? []
        #expect(messages.count == environment.count, "\(messages)")
        for name in environment.keys { #expect(messages.contains { $0.hasPrefix(name) }, "\(name): \(messages)") }
    }

    @Test("The list of names has each setting of the gateway")
    func names() {
        let names = GatewaySettings.descriptions.flatMap { [$0.name] + ($0.isSecret ? [$0.name + "_FILE"] : []) }
        #expect(SettingNames.warnings(for: Dictionary(names.map { ($0, "x") }) { first, _ in first }) == [])
    }

    @Test(
        "A number is taken from its lowest to its highest value, and refused beyond with the setting's name",
        arguments: [
            ("HVC_PORT", "0", "65535", ["-1", "65536", "8080.0", " "]),
            ("HVC_WAIT", "0", "3600", ["-0.1", "3601", "nan"]),
            ("HVC_WAITING_CALLERS", "1", "1000000", ["0", "1000001"]), ("HVC_GRACE", "0", "3600", ["-1", "inf"]),
            ("HVC_CONNECTIONS", "1", "60000", ["0", "60001"]),
        ]
    )
    func bounds(name: String, lowest: String, highest: String, refused: [String]) {
        for value in [lowest, highest] {
            #expect(throws: Never.self, "\(name)=\(value)") { try GatewaySettings(environment: [name: value]) }
        }
        for value in refused {
            let input = #expect(throws: InvalidInput.self, "\(name)=\(value)") {
                try GatewaySettings(environment: [name: value])
            }
            #expect(input?.failure.message.hasPrefix(name) == true)
        }
    }

    @Test(
        "Without a token the gateway listens on loopback alone",
        arguments: ["127.0.0.1", "127.9.9.9", "::1", "localhost"]
    )
    func loopback(host: String) throws {
        #expect(try GatewaySettings(environment: ["HVC_HOST": host]).host == host)
        for other in ["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example.org", "localhost.example.org"] {
            #expect(throws: InvalidInput.self, "\(other)") { try GatewaySettings(environment: ["HVC_HOST": other]) }
            let token = ["HVC_HOST": other, "HVC_API_TOKEN": "a-token-of-some-length"]
            #expect(throws: Never.self, "\(other)") { try GatewaySettings(environment: token) }
        }
    }
}
