import Telemetry
import Testing

@Suite("The trace context of a request")
struct TraceContextTests {
    private static let trace = String(repeating: "a1", count: 16)
    private static let span = String(repeating: "b2", count: 8)

    @Test("A header of the standard's form is taken, one of a later version by what this one knows")
    func valid() {
        let header = "00-\(Self.trace)-\(Self.span)-01"
        let context = TraceContext(header)
        #expect(context?.text == header && context?.traceID == Self.trace)
        #expect(TraceContext("cc-\(Self.trace)-\(Self.span)-01-more-to-come")?.text == header)
    }

    @Test(
        "Any other is ignored",
        arguments: [
            "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-01-", "00-\(trace)-\(span)-01-x",
            "ff-\(trace)-\(span)-01", "00-\(trace.uppercased())-\(span)-01", "00-\(trace)-\(span)-0g",
            "00-\(String(repeating: "0", count: 32))-\(span)-01", "00-\(trace)-\(String(repeating: "0", count: 16))-01",
            "00-\(trace)-\(span)-01 ", " 00-\(trace)-\(span)-01", "00-\(trace)é-\(span)-01", "0-\(trace)-\(span)-01",
            "00-\(trace)\"-\(span)-01",
        ]
    )
    func invalid(header: String) {
        #expect(TraceContext(header) == nil)
    }
}
