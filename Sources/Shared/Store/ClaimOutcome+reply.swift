import Model
import Placement
import RedisClient

extension ClaimAction {
    var word: String {
        switch self {
        case .place: "place"
        case .run: "run"
        case .refuse: "refuse"
        case .deferUntilProbed: "defer"
        case .deadLetter: "dead"
        }
    }

    /// pm, decision, code, message, cause.
    var details: [any RedisArgumentConvertible] {
        switch self {
        case .place(let pm, let explanation): [pm.value, explanation.json, "", "", ""]
        case .run: ["", "", "", "", ""]
        case .refuse(let failure, let explanation):
            ["", explanation.json, failure.code.rawValue, failure.message, failure.cause ?? ""]
        case .deferUntilProbed(let pm, let explanation, let reason): [pm.value, explanation.json, "", reason, ""]
        case .deadLetter(let reason): ["", "", "", reason, ""]
        }
    }
}

extension ClaimOutcome: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array, parts.count == 3, let stop = parts[0].string.flatMap(Stop.init),
            let results = [ClaimResult](parts[1], keys: keys), let direct = [DirectClaim](parts[2], keys: keys)
        else { return nil }
        self.init(stop: stop, results: results, direct: direct)
    }
}

extension DirectClaim: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array, parts.count == 2, let result = ClaimResult(parts[1], keys: keys) else {
            return nil
        }
        line = QueueSnapshot.Line(parts[0], placedOn: nil)
        self.result = result
    }
}

extension ClaimResult: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array else { return nil }
        switch parts.first?.string {
        case "started":
            guard parts.count == 4, let epoch = parts[1].int, let began = parts[3].string else { return nil }
            let pm = parts[2].int.flatMap(PMID.init)
            self = .started(epoch: epoch, pm: pm, firstStepAt: began.isEmpty ? nil : began)
        case "waiting": self = .waiting
        case "deferred": self = .deferred
        case "ended": self = .ended
        case "dead": self = .deadLettered
        default: return nil
        }
    }
}
