import Model

extension PlacementExplanation {
    /// One line of JSON, as records of jobs have it: what its decoder reads.
    package var json: String {
        var json = "{"
        if let chosen { json += "\"chosen\":\(chosen)," }
        json += "\"considered\":[\(considered.map(\.json).joined(separator: ","))],\"fit\":\(fit)"
        if let nearestMiss { json += ",\"nearest_miss\":\(nearestMiss.json)" }
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

extension PlacementExplanation.NearestMiss {
    fileprivate var json: String {
        var json = "{\"pm\":\(pm),\"text\":\(JSONText.quoted(text))"
        if let missing {
            json += ",\"missing\":{\"cpu\":\(missing.cpu),\"disk\":\(missing.disk),\"ram\":\(missing.ram)}"
        }
        // Factors are finite numbers, whose description is JSON.
        if let overcommit { json += ",\"overcommit\":\(JSONText.object(overcommit) { "\($0)" })" }
        return json + "}"
    }
}
