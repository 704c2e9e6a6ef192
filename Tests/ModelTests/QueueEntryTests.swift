import Foundation
import Model
import Testing

@Suite("Entries of the queue")
struct QueueEntryTests {
    @Test("An entry is one line of JSON with plain keys, and reads back")
    func coding() throws {
        let entry = QueueEntry(
            job: try #require(JobID(7)),
            kind: .create,
            vm: try #require(VMID(3)),
            needs: Resources(cpu: 1, ram: 512, disk: 2)
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let json = try encoder.encode(entry)
        #expect(
            String(decoding: json, as: UTF8.self) == #"{"cpu":1,"disk":2,"job":7,"kind":"create","ram":512,"vm":3}"#
        )
        #expect(try JSONDecoder().decode(QueueEntry.self, from: json) == entry)
        #expect(entry.needs == Resources(cpu: 1, ram: 512, disk: 2))
    }

    @Test(
        "What is no entry of ours is refused",
        arguments: [
            "", "{}", "[]", #"{"cpu":1,"disk":2,"job":0,"kind":"create","ram":512,"vm":3}"#,
            #"{"cpu":1,"disk":2,"job":7,"kind":"re size","ram":512,"vm":3}"#,
            #"{"cpu":"1","disk":2,"job":7,"kind":"create","ram":512,"vm":3}"#,
            #"{"cpu":-1,"disk":2,"job":7,"kind":"create","ram":512,"vm":3}"#,
            #"{"cpu":1,"disk":2,"job":7,"kind":"create","ram":99999999999999999999,"vm":3}"#,
        ]
    )
    func refused(text: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(QueueEntry.self, from: Data(text.utf8)) }
    }

    @Test("A failure reads as code, message and cause")
    func failures() {
        #expect(Failure(.noMachine, "no PM is up").description == "no_machine: no PM is up")
        #expect(Failure(.hypervisor, "x", cause: "y").description == "hypervisor: x (y)")
        for code in FailureCode.allCases {
            #expect(code.rawValue.wholeMatch(of: /[a-z]+(_[a-z]+)*/) != nil)
        }
    }

    @Test("Only done, failed and dead are final")
    func finalStates() {
        #expect(Job.State.allCases.filter(\.isFinal) == [.done, .failed, .dead])
    }
}
