import Model
import Testing

@Suite("The nearest name")
struct NearestNameTests {
    @Test(
        "A misspelt name leads to the one that was meant",
        arguments: [
            ("packed", "pack"), ("PACK", "pack"), ("sed", "seed"), ("spraed", "spread"), ("randmo", "random"),
        ]
    )
    func near(written: String, meant: String) {
        #expect(["seed", "spread", "pack", "random"].nearest(to: written) == meant)
    }

    @Test("A name that is like none leads nowhere", arguments: ["", "xyz", "binpacking-by-memory", "最"])
    func far(written: String) {
        #expect(["seed", "spread", "pack", "random"].nearest(to: written) == nil)
        #expect([String]().nearest(to: written) == nil)
    }
}
