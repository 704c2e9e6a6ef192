/// The commands that help after a failure.
enum NextCommands {
    /// - Parameters:
    ///   - code: the failure's code.
    ///   - job: the job that failed with it.
    /// - Returns: nil where what the gateway advises is better.
    static func after(_ code: String, job: String? = nil) -> [String]? {
        let explain = job.map { ["hvctl explain \($0)"] } ?? []
        switch code {
        case "unauthorized": return ["hvctl login"]
        case "forbidden": return ["hvctl token self", "ask an admin for a token with that role: hvctl token create"]
        case "unknown_vm", "ambiguous_name": return ["hvctl list"]
        case "unknown_pm": return ["hvctl pm list"]
        case "unknown_type", "image_too_large": return ["hvctl type list"]
        case "unknown_image": return ["hvctl image list"]
        case "unknown_job": return ["hvctl job list"]
        case "unknown_hold": return ["hvctl hold list"]
        case "unknown_batch": return ["hvctl batch list"]
        case "unknown_project": return ["hvctl project list"]
        case "unknown_ssh_key": return ["hvctl key list"]
        case "unknown_token": return ["hvctl token list"]
        case "unknown_webhook": return ["hvctl webhook list"]
        case "unknown_rule", "rejected_by_rule", "queue_full": return ["hvctl queue show"]
        case "quota_exceeded": return ["hvctl quota"]
        case "no_capacity": return explain + ["hvctl capacity", "the same with --when-full wait"]
        case "no_match", "group_conflict": return explain + ["hvctl pm list -o wide"]
        case "no_machine", "machine_unreachable", "machine_closed": return explain + ["hvctl pm list"]
        case "no_worker", "not_ready", "store_unavailable", "overloaded", "too_many_waiting": return ["hvctl doctor"]
        default: return nil
        }
    }
}
