import Testing

@testable import Worker

@Suite("How a worker's descriptors are shared out")
struct DescriptorBudgetTests {
    @Test(
        "Few of them allow one probe and two connections, many as much as there is use for, and never more than there are"
    )
    func shares() {
        for limit in [0, 20, 64, 128, 256, 1024, 4096, 65_536] {
            let budget = DescriptorBudget(limit: limit)
            #expect((1...DescriptorBudget.mostProbes).contains(budget.probes) && budget.connections >= 2)
            #expect(budget.messages >= 1)
            let sum = budget.probes * 16 + budget.connections * 8 + budget.messages * 12 + 40
            if limit >= 128 { #expect(sum <= limit, "\(limit)") }
            #expect(budget.advice.contains("\(limit) descriptors"))
        }
        #expect(DescriptorBudget(limit: 64).probes == 1)
        #expect(DescriptorBudget(limit: 1024).connections >= 80)
        #expect(DescriptorBudget(limit: 4096).probes == DescriptorBudget.mostProbes)
    }

    @Test("A slot is waited for, and given back with its last reference", .timeLimit(.minutes(1)))
    func slots() async throws {
        let slots = ConnectionSlots(limit: 2)
        var first = await slots.take(within: .zero)
        let second = await slots.take(within: .zero)
        #expect(first != nil && second != nil)
        #expect(await slots.take(within: .milliseconds(1)) == nil)
        let waiting = Task { await slots.take(within: .seconds(30)) != nil }
        first = nil
        #expect(await waiting.value)
        first = await slots.take(within: .seconds(30))
        #expect(first != nil)
        let cancelled = Task { await slots.take(within: .seconds(3600)) != nil }
        cancelled.cancel()
        #expect(await !cancelled.value)
        withExtendedLifetime((first, second)) {}
    }
}
