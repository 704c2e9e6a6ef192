import Bootstrap
import Model
import Testing

@testable import Worker

@Suite("The worker's settings")
struct WorkerSettingsTests {
    @Test("All settings that cannot be taken are reported at once, each by its name")
    func allAtOnce() {
        let environment = [
            "HVC_SLOTS": "many", "HVC_LEASE": "0", "HVC_POLICY": "packed", "HVC_REDIS_URL": "tcp://x",
            "HVC_FLEET": "real:3", "HVC_CELL": "a/b",
        ]
        let input = #expect(throws: InvalidInput.self) { try WorkerSettings(environment: environment) }
        let messages = input?.failures.map(\.message) ?? []
        #expect(messages.count == 6, "\(messages)")
        for name in ["HVC_SLOTS", "HVC_LEASE", "HVC_POLICY", "HVC_REDIS_URL", "simulated:COUNT", "HVC_CELL"] {
            #expect(messages.contains { $0.contains(name) }, "\(name): \(messages)")
        }
    }

    @Test(
        "Folders of images are full paths; others are refused, since no image would be found in them",
        arguments: [
            "images", "/a:images", "~/images", ":", "/a: /b",
        ]
    )
    func imageRoots(text: String) throws {
        let input = #expect(throws: InvalidInput.self) { try WorkerSettings(environment: ["HVC_IMAGE_ROOTS": text]) }
        #expect(input?.failures.first?.message.hasPrefix("HVC_IMAGE_ROOTS: '\(text)'") == true)
        #expect(try WorkerSettings(environment: ["HVC_IMAGE_ROOTS": "/a:/b c/:"]).imageRoots == ["/a", "/b c/"])
    }

    @Test(
        "A word that is near one of the choices leads to it",
        arguments: [
            ("HVC_POLICY", "packed", "pack"), ("HVC_AUTOSTART", "onn", "on"), ("HVC_LOG_LEVEL", "warn", "warning"),
        ]
    )
    func choices(name: String, value: String, meant: String) {
        let input = #expect(throws: InvalidInput.self) { try WorkerSettings(environment: [name: value]) }
        #expect(
            input?.failures.first?.message.hasSuffix("did you mean \(meant)?") == true,
            "\(String(describing: input))"
        )
    }

    @Test(
        "A variable that nobody reads is warned of, with the one that was probably meant",
        arguments: [
            ("HVC_WORKER_NAMES", "HVC_WORKER_NAME"), ("HVC_REDIS", "HVC_REDIS_URL"), ("HVC_POLCY", "HVC_POLICY"),
            ("HVC_OVERCOMIT_RAM", "HVC_OVERCOMMIT_RAM"), ("HVC_TOKEN", "HVC_API_TOKEN"),
        ]
    )
    func misspelt(name: String, meant: String) throws {
        let warnings = try WorkerSettings(environment: [name: "x"]).warnings
        #expect(warnings == ["\(name) is no setting; did you mean \(meant)?"])
    }

    @Test("A variable of the gateway, the scripts, the tests or another program is not warned of, nor one of ours")
    func others() throws {
        var environment = [
            "HVC_PORT": "1", "HVC_API_TOKEN_FILE": "/x", "HVC_WORKERS": "2", "HVC_CACHE_DIR": "/x",
            "HVC_CALLER_PATH": "/bin", "HVC_HOSTS_DIR": "/x", "HVC_TEST_SEED": "1", "HVC_PUBLISH": "x", "PATH": "/bin",
        ]
        #expect(try WorkerSettings(environment: environment).warnings == [])
        environment["HVC_QQQQQQQQQQQQQQQQQQQQQ"] = "x"
        #expect(
            try WorkerSettings(environment: environment).warnings == [
                "HVC_QQQQQQQQQQQQQQQQQQQQQ is no setting: leave it out"
            ]
        )
    }

    @Test("The list of names has each setting of the worker")
    func names() {
        let names = WorkerSettings.descriptions.map { ($0.name, "x") }
        #expect(SettingNames.warnings(for: Dictionary(names) { first, _ in first }) == [])
    }
}
