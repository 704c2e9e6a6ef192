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
        case .ssh where status.state == .running && status.currentReadiness.banner != nil: return .reached
        case .cloudInit where status.vm.seed == nil: return .impossible
        case .cloudInit where status.state == .running: return status.currentReadiness.cloudInit.flatMap(Self.result)
        case .stopped where status.state == .stopped: return .reached
        // What a console has does not stand in the record.
        case .placed, .running, .address, .ssh, .cloudInit, .console, .stopped:
            switch status.state {
            // Its job was given up.
            case .error: return .failed
            case .destroying: return .impossible
            default: return nil
            }
        }
    }

    private static func result(of cloudInit: CloudInit) -> VMWait.Result? {
        switch cloudInit.state {
        case .running: nil
        case .done: .reached
        case .error: .failed
        case .unknown: .impossible
        }
    }

    /// What a wait for this level has come to, with why it has failed or cannot be reached, as far as the record says.
    func outcome(_ result: VMWait.Result, by status: VMStatus) -> VMWait {
        guard result == .failed || result == .impossible else { return VMWait(level: self, result: result) }
        let reason: String? =
            if self == .cloudInit, status.vm.seed == nil {
                "the VM has no seed disk, so nothing tells its cloud-init to work"
            } else if self == .cloudInit, status.state == .running {
                status.currentReadiness.cloudInit?.error
            } else if status.state == .destroying {
                "the VM is being destroyed"
            } else {
                status.error
            }
        return VMWait(level: self, result: result, reason: reason)
    }

    /// Whether the level is out of reach once a job of this kind has failed.
    func depends(on kind: Job.Kind) -> Bool {
        let releases = OperationRegistry.shipped[kind]?.claim == .release
        return releases == (self == .gone)
    }
}
