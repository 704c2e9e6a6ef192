import API
import Model
import Store

extension VMLevel {
    /// What a wait for this level has come to by the VM's record.
    ///
    /// - Parameter status: the record; nil where there is none.
    /// - Returns: nil where the level may come yet.
    func result(by status: VMStatus?) -> VMWait.Result? {
        guard let status else { return self == .gone ? .reached : .impossible }
        switch self {
        case .gone: return nil
        case .placed where status.pm != nil && status.state != .queued: return .reached
        case .running where status.state == .running: return .reached
        case .address where status.state == .running && status.primaryIP != nil: return .reached
        case .stopped where status.state == .stopped: return .reached
        case .placed, .running, .address, .stopped:
            switch status.state {
            // Its job was given up.
            case .error: return .failed
            case .destroying: return .impossible
            default: return nil
            }
        }
    }

    /// Whether the level is out of reach once a job of this kind has failed.
    func depends(on kind: Job.Kind) -> Bool {
        let releases = OperationRegistry.shipped[kind]?.claim == .release
        return releases == (self == .gone)
    }
}
