import API

/// Why a job got no place, as its explanation has it: how many PMs were examined, what they lack, and the nearest miss.
enum RefusedPlace {
    private static let codes: Set<String> = ["no_capacity", "no_match", "no_machine", "network_unavailable"]
    /// How many reasons are named.
    private static let mostReasons = 5

    /// Whether a failure with this code is about a place.
    static func isSuch(_ code: String) -> Bool { codes.contains(code) }

    /// Lines for people about the value of `explanation` of a job or of a decision.
    static func lines(_ explanation: JSONValue) -> [String] {
        let objections = objections(explanation)
        let examined = examined(explanation)
        guard examined > 0 else { return ["no machine was examined"] }
        let reasons = objections.prefix(mostReasons).map { "\($0.count): \($0.text)" }
        let others = objections.count - reasons.count
        let more = others > 0 ? ", and \(others) other reasons" : ""
        let machines = "\(examined) machine\(examined == 1 ? "" : "s") examined"
        return ["\(machines): \(reasons.joined(separator: ", "))\(more)"] + nearest(explanation)
    }

    /// What kept PMs out and how many, the most frequent first.
    static func objections(_ explanation: JSONValue) -> [(text: String, count: Int)] {
        guard case .object(let counts)? = explanation["objections"] else { return [] }
        return counts.map { (text: $0.key, count: $0.value.integer ?? 0) }
            .sorted { ($1.count, $0.text) < ($0.count, $1.text) }
    }

    static func examined(_ explanation: JSONValue) -> Int {
        objections(explanation).reduce(explanation["fit"]?.integer ?? 0) { $0 + $1.count }
    }

    static func nearest(_ explanation: JSONValue) -> [String] {
        guard let nearest = explanation["nearest_miss"], let pm = nearest["pm"]?.cell else { return [] }
        return ["nearest: PM \(pm) \(nearest["text"]?.string ?? "")"]
    }
}
