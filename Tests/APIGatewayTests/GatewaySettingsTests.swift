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
}
