package import Model
package import Placement

extension Endpoints {
    package static let readRefusals = Endpoint<NoBody, RefusalsResponse>(
        v1: "readRefusals",
        .get,
        "/v1/refusals",
        query: [.optional("window", matching: TextPattern.window)],
        "Counts requests that got no place, by what lacked, and names the PM or overcommit that would have served most."
    )

    static let refusals = [readRefusals.description]
}

/// The requests that got no place within a time.
package struct RefusalsResponse: Codable, Hashable, Sendable {
    /// From when on they are counted: the begin of the window, or later where no earlier ones are recorded any more.
    package let since: String
    package let refused: Int
    /// By code.
    package let codes: [String: Int]
    /// By what the PM that came nearest lacked: `cpu`, `ram`, `disk`.
    package let lacking: [String: Int]
    /// One more PM that would have served most; missing where none would have served any.
    package let pm: ExtraPM?
    /// The overcommit that would have served most; missing where none would have served any.
    package let overcommit: ExtraOvercommit?

    package init(since: String, refused: Int, analysis: RefusalAnalysis) {
        self.since = since
        self.refused = refused
        codes = analysis.codes
        lacking = analysis.lacking
        pm = analysis.extraPM.map(ExtraPM.init)
        overcommit = analysis.overcommit.map(ExtraOvercommit.init)
    }

    package struct ExtraPM: Codable, Hashable, Sendable {
        /// The PM whose size it has.
        package let likePMID: PMID
        package let amount: Amount
        package let serves: Int

        private enum CodingKeys: String, CodingKey {
            case amount, serves
            case likePMID = "like_pm_id"
        }

        fileprivate init(_ pm: RefusalAnalysis.ExtraPM) {
            (likePMID, amount, serves) = (pm.like, Amount(pm.amount), pm.serves)
        }
    }

    package struct ExtraOvercommit: Codable, Hashable, Sendable {
        package let resource: String
        package let factor: Double
        package let serves: Int

        fileprivate init(_ overcommit: RefusalAnalysis.Overcommit) {
            (resource, factor, serves) = (overcommit.resource, overcommit.factor, overcommit.serves)
        }
    }
}
