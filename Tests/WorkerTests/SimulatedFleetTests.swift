import Model
import Testing

@testable import Worker

@Suite("HVC_FLEET")
struct SimulatedFleetTests {
    @Test("A fleet is as many listings as it says, each with its number and the options in its address")
    func listings() throws {
        let fleet = try SimulatedFleet("simulated:3,seed=7,latency_ms=0,failures=0.01,cpu=8,ram=4096,disk=100")
        let listings = try fleet.listings(overcommit: Overcommit(cpu: 2, ram: 1, disk: 1))
        let options = "?seed=7&latency_ms=0&failures=0.01&cpu=8&ram=4096&disk=100"
        #expect(listings.map(\.address.description) == (1...3).map { "simulated:///\($0)\(options)" })
        #expect(listings.allSatisfy { $0.overcommit.cpu == 2 })
        for (index, listing) in listings.enumerated() {
            #expect(listing.address.route == .simulated(SimulatedPM(number: index + 1, options: fleet.options)))
        }
        let plain = try SimulatedFleet("simulated:20000").listings(overcommit: .none)
        #expect(plain.last?.address.description == "simulated:///20000")
    }

    @Test(
        "What is no fleet is refused, with what to write",
        arguments: [
            "", "simulated", "simulated:", "simulated:0", "simulated:-1", "simulated:+5", "simulated:05",
            "simulated:20001", "simulated:1e3", "simulated:5:6", "simulated: 5", "Simulated:5", "libvirt:5", "5",
        ]
    )
    func refused(text: String) {
        let failure = #expect(throws: Failure.self) { try SimulatedFleet(text) }
        #expect(failure?.code == .invalidRequest)
        #expect(failure?.message.contains("write simulated:COUNT") == true)
    }

    @Test(
        "What is no option is refused, with what to write",
        arguments: [
            ("simulated:5,", "write one of seed="), ("simulated:5,seed", "write one of seed="),
            ("simulated:5,latency=5", "latency_ms="), ("simulated:5,seed=1,", "write one of seed="),
            ("simulated:5,seed=1,seed=1", "'seed' is given twice"), ("simulated:5,cpu=0", "from 1 to 4096"),
            ("simulated:5,cpu=1.5", "a whole number"), ("simulated:5,failures=1.1", "a share from 0 to 1"),
            ("simulated:5,failures=.1", "a share from 0 to 1"), ("simulated:5,failures=0.", "a share from 0 to 1"),
            ("simulated:5,failures=1e-2", "a share from 0 to 1"), ("simulated:5,latency_ms=-1", "from 0 to 60000"),
            ("simulated:5&seed=1", "write simulated:COUNT"),
        ]
    )
    func refusedOption(text: String, advice: String) {
        let failure = #expect(throws: Failure.self) { try SimulatedFleet(text) }
        #expect(failure?.code == .invalidRequest)
        #expect(failure?.message.contains(advice) == true, "\(String(describing: failure))")
    }

    @Test("A pm_file and a fleet at once are refused; a fleet alone is what is given")
    func both() throws {
        var files = try WorkerSettings(environment: ["HVC_FLEET": "simulated:2"]).files
        try files.check()
        #expect(!files.isEmpty)
        files.pm = "/pms"
        let failure = #expect(throws: Failure.self) { try files.check() }
        #expect(failure?.message.contains("HVC_FLEET") == true)
    }
}
