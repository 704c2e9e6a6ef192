import Model
import Store

/// The driver's call for each action that a step of an operation can name.
struct StepActions: Sendable {
    /// Does an action on the PM; repeating it does no harm.
    typealias Call = @Sendable (StepContext) async throws(Failure) -> StepResult

    private let calls: [StepAction: Call]

    init(_ calls: [StepAction: Call]) {
        self.calls = calls
    }

    /// These and others.
    func adding(_ others: [StepAction: Call]) -> StepActions {
        StepActions(calls.merging(others) { _, new in new })
    }

    /// The call for an action; nil where there is none.
    subscript(action: StepAction) -> Call? { calls[action] }

    /// Those that need the VM's image.
    static let overImage: Set<StepAction> = [.ensureImage, .ensureDisk, .ensureDefined]

    /// Whether an action does anything for a VM: others cost no round trip.
    static func isNeeded(_ action: StepAction, for vm: VirtualMachine) -> Bool {
        action != .reserveAddress || vm.constraints.reservesAddress
    }

    /// All that the operations of this project name.
    static let shipped = StepActions([
        .ensureImage: { (context) async throws(Failure) in
            let image = try await context.image()
            // Before the image is brought to a PM that cannot run the VM.
            try await context.hypervisor.ensureNetwork(for: context.vm)
            try await context.hypervisor.ensureImage(image)
            return .done
        },
        .ensureDisk: { (context) async throws(Failure) in
            try await context.hypervisor.ensureDisk(of: context.vm, over: try await context.image())
            return .done
        },
        .ensureSeed: { (context) async throws(Failure) in
            guard let seed = try await context.seed() else { return StepResult(detail: "it is to have none") }
            try await context.hypervisor.ensureSeed(NoCloudSeed(seed, of: context.vm).image, of: context.vm)
            return .done
        },
        .ensureDefined: { (context) async throws(Failure) in
            try await context.hypervisor.ensureDefined(context.vm, over: try await context.image())
            return .done
        },
        .reserveAddress: { (context) async throws(Failure) in
            guard let address = try await context.hypervisor.reserveAddress(of: context.vm) else { return .done }
            try await context.note(address)
            return StepResult(detail: address.address.canonical)
        },
        .ensureRunning: { (context) async throws(Failure) in
            if let other = context.status.observedElsewhere {
                throw Failure(
                    .hypervisor,
                    "VM \(context.vm.id) has a domain on PM \(other), too, and is not started here"
                )
            }
            try await context.hypervisor.ensureRunning(context.vm)
            return .done
        },
        .remove: { (context) async throws(Failure) in
            let left = try await context.hypervisor.remove(context.vm)
            return StepResult(detail: left.isEmpty ? nil : "\(left.count) files stay", left: left)
        },
    ])
}

/// What an action has to say.
struct StepResult: Hashable, Sendable {
    /// What there is to say about it in the step log; nil for nothing.
    var detail: String?
    /// The paths of files that stay on the PM.
    var left: [String] = []

    /// Done as asked.
    static let done = StepResult()
}
