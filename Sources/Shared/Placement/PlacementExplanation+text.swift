import Model

extension PlacementExplanation {
    /// One line of JSON, as records of jobs have it: what its decoder reads.
    package var json: String {
        var json = "{"
        if let chosen { json += "\"chosen\":\(chosen)," }
        json += "\"considered\":[\(considered.map(\.json).joined(separator: ","))],\"fit\":\(fit)"
        if let nearestMiss {
            json += ",\"nearest_miss\":{\"pm\":\(nearestMiss.pm),\"text\":\(JSONText.quoted(nearestMiss.text))}"
        }
        return json
            + ",\"objections\":\(JSONText.object(objections) { String($0) }),\"policy\":\(JSONText.quoted(policy))}"
    }
}

extension PlacementExplanation.Consideration {
    fileprivate var json: String {
        var json = "{\"filters\":\(JSONText.object(filters, JSONText.quoted))"
        if let objection { json += ",\"objection\":\(JSONText.quoted(objection))" }
        json += ",\"pm\":\(pm)"
        // Weights are finite numbers, whose description is JSON.
        if let weights { json += ",\"weights\":\(JSONText.object(weights) { "\($0)" })" }
        return json + "}"
    }
}
