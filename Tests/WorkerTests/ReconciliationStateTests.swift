import Foundation
import Model
import Store
import Testing

@testable import Worker

extension ReconciliationTests {
    @Test("Paused and crashed are states of their own, with libvirt's reason, from and to each other state")
    func pausedAndCrashed() throws {
        let vm = try vm(1)
        for before in VMState.observed {
            for (after, reason) in [(VMState.paused, "I/O error"), (.crashed, "panicked")] where after != before {
                let known = status(vm, before)
                let expected = Finding.observed(known, after, because: reason, startingAgainIn: nil)
                #expect(try findings([known], [domain(vm, state: after, reason: reason)]) == [expected])
            }
            guard before == .paused || before == .crashed else { continue }
            let known = status(vm, before, reason: "user")
            #expect(try findings([known], [domain(vm, state: before, reason: "user")]).isEmpty)
            #expect(try findings([known], [domain(vm, state: before)]).isEmpty, "libvirt may forget a reason")
            let other = Finding.observed(known, before, because: "I/O error", startingAgainIn: nil)
            #expect(try findings([known], [domain(vm, state: before, reason: "I/O error")]) == [other])
            let running = Finding.observed(known, .running, because: nil, startingAgainIn: nil)
            #expect(try findings([known], [domain(vm)]) == [running])
        }
        let off = domain(vm, isActive: false)
        #expect(try findings([status(vm, .crashed)], [off]).isEmpty, "libvirt forgets at its restart why it is off")
    }

    @Test("A VM that crashed is started again where that is asked for; one that is paused is not")
    func startsCrashed() throws {
        let vm = try vm(1)
        func pause(_ before: VMState, _ after: VMState) throws -> Duration? {
            let found = try findings([status(vm, before)], [domain(vm, state: after, reason: "x")], startsAgain: true)
            guard case .observed(_, after, _, let pause) = found.first else { return nil }
            return pause
        }
        for before in [VMState.running, .paused] {
            #expect(try pause(before, .crashed) == .seconds(3))
            #expect(try pause(before, .stopped) == .seconds(3))
        }
        #expect(try pause(.running, .paused) == nil)
        #expect(try pause(.stopped, .crashed) == nil)
    }

    @Test("A domain that was renamed or resized by hand is noted, once, and that it is as before, too")
    func drift() throws {
        let vm = try vm(1)
        var changed = domain(vm)
        (changed.name, changed.cpu, changed.ramMiB) = ("web", 2, 256)
        let words = "renamed to web, 2 CPUs instead of 1, 256 MiB of memory instead of 128"
        let known = status(vm, .running)
        #expect(try findings([known], [changed]) == [.drifted(known, words)])
        let noted = status(vm, .running, drift: words)
        #expect(try findings([noted], [changed]).isEmpty)
        #expect(try findings([noted], [domain(vm)]) == [.drifted(noted, nil)])
    }
}
