import Libvirt
import Model
import Testing

@testable import Worker

@Suite("What a VM does, by libvirt's state of its domain and the reason")
struct DomainStandingTests {
    @Test(
        "A pause in which libvirt starts or ends a guest is none",
        // VIR_DOMAIN_PAUSED_SHUTTING_DOWN and VIR_DOMAIN_PAUSED_STARTING_UP
        arguments: [8, 11]
    )
    func transient(reason: Int) {
        let standing = DomainState.paused.standing(because: reason)
        #expect(standing.state == .running && standing.reason == nil)
    }

    @Test(
        "A pause that lasts is shown with its reason",
        arguments: [
            (1, VMState.paused, "user"), (5, .paused, "I/O error"), (2, .paused, "migrating"),
            (10, .crashed, "crashed"),
        ]
    )
    func lasting(reason: Int, state: VMState, words: String) {
        let standing = DomainState.paused.standing(because: reason)
        #expect(standing.state == state && standing.reason == words)
    }
}
