import Model
import Placement
import TestKit

/// Explanations for tests that play a worker.
enum Explanations {
    static func any() throws -> PlacementExplanation {
        guard let vm = VMID(1),
            let decision = plan([PlacementRequest(vm: vm, needs: .zero)], on: FleetSnapshot(), by: .seed).first
        else { throw TestKitError("no plan") }
        return decision.explanation
    }
}
