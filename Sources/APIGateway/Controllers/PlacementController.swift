import Foundation
import Hummingbird
import Model
import Placement
import Store

/// Questions about placement, on the wire.
struct PlacementController: Sendable {
    let service: PlacementService
    let store: Store

    /// `POST /v1/placements:dry-run`: where VMs would go now, and why; nothing is done.
    @Sendable
    func dryRun(_ request: Request, _ context: GatewayContext) async throws(Failure) -> ResourceReply {
        let wish: DryRunWish = try await JSONBody.read(request)
        return try ResourceReply(["decisions": await service.dryRun(wish).map(DecisionBody.init)])
    }

    /// `GET /v1/capacity`: how many more of each type fit, now and with any one PM lost.
    @Sendable
    func capacity(_ request: Request, _ context: GatewayContext) async throws(Failure) -> ResourceReply {
        let (types, capacity, time) = try await service.capacity()
        return try ResourceReply(CapacityBody(types: types, capacity: capacity, time: time))
    }

    /// `GET /v1/jobs/{id}/explanation`: how a job's place was decided, and where the job stands.
    @Sendable
    func explanation(_ request: Request, _ context: GatewayContext) async throws(Failure) -> ResourceReply {
        let id: JobID = try context.identifier()
        guard let explanation = try await store.explanation(of: id) else {
            throw Failure(
                .unknownJob,
                "there is no job \(id), or it ended so long ago that its record is gone (HVC_JOB_HISTORY)"
            )
        }
        return try ResourceReply(ExplanationBody(explanation))
    }

    /// `POST /v1/pms/{id}:drain?dry_run=true`: where the VMs of a PM would go.
    @Sendable
    func drain(_ request: Request, _ context: GatewayContext) async throws(Failure) -> ResourceReply {
        let pm: PMID = try context.identifier()
        guard request.uri.queryParameters["dry_run"] == "true" else {
            throw Failure(
                .notSupported,
                "VMs are not moved by this version: ask with ?dry_run=true what would become of them, and cordon the PM"
            )
        }
        return try ResourceReply(DrainBody(await service.drain(pm)))
    }
}

/// One decision.
private struct DecisionBody: Encodable {
    let pmID: PMID?
    let code: String?
    let detail: String?
    let explanation: PlacementExplanation

    private enum CodingKeys: String, CodingKey {
        case code, detail, explanation
        case pmID = "pm_id"
    }

    init(_ decision: PlacementDecision) {
        pmID = decision.machine
        explanation = decision.explanation
        switch decision.outcome {
        case .place: (code, detail) = (nil, nil)
        case .refuse(let failure): (code, detail) = (failure.code.rawValue, failure.message)
        case .undecided:
            code = FailureCode.notReady.rawValue
            detail = "it would wait until the PMs that could take it are looked at"
        }
    }
}

private struct CapacityBody: Encodable {
    struct Row: Encodable {
        let instanceType: TypeID
        let cpu: Int
        let ramMiB: Int
        let diskGiB: Int
        let fitsNow: Int
        let fitsWithOnePMLost: Int?
        let worstPMID: PMID?
        let homelessVMs: Int?

        private enum CodingKeys: String, CodingKey {
            case cpu
            case instanceType = "instance_type"
            case ramMiB = "ram_mib"
            case diskGiB = "disk_gib"
            case fitsNow = "fits_now"
            case fitsWithOnePMLost = "fits_with_one_pm_lost"
            case worstPMID = "worst_pm_id"
            case homelessVMs = "homeless_vms"
        }
    }

    let asOf: String
    let pms: Int
    let examinedPMs: Int
    let types: [Row]

    private enum CodingKeys: String, CodingKey {
        case pms, types
        case asOf = "as_of"
        case examinedPMs = "examined_pms"
    }

    init(types: [InstanceType], capacity: Capacity, time: Int) {
        asOf = Date(timeIntervalSince1970: Double(time) / 1000)
            .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        pms = capacity.machines
        examinedPMs = capacity.examined
        self.types = zip(types, capacity.rows).map { type, row in
            Row(
                instanceType: type.id,
                cpu: row.needs.cpu,
                ramMiB: row.needs.ram,
                diskGiB: row.needs.disk,
                fitsNow: row.now,
                fitsWithOnePMLost: row.worstLoss?.count,
                worstPMID: row.worstLoss?.pm,
                homelessVMs: row.worstLoss?.homeless
            )
        }
    }
}

private struct ExplanationBody: Encodable {
    let jobID: JobID
    let kind: String
    let state: String
    let vmID: VMID
    let pmID: PMID?
    let triedPMIDs: [PMID]
    let explanation: PlacementExplanation?
    let code: String?
    let detail: String?
    let cause: String?

    private enum CodingKeys: String, CodingKey {
        case kind, state, explanation, code, detail, cause
        case jobID = "job_id"
        case vmID = "vm_id"
        case pmID = "pm_id"
        case triedPMIDs = "tried_pm_ids"
    }

    init(_ job: JobExplanation) {
        jobID = job.job
        kind = job.kind.rawValue
        state = job.state.rawValue
        vmID = job.vm
        pmID = job.pm
        triedPMIDs = job.tried
        explanation = job.decision
        code = job.failure?.code.rawValue
        detail = job.failure?.message
        cause = job.failure?.cause
    }
}

private struct DrainBody: Encodable {
    struct Move: Encodable {
        let vmID: VMID?
        let decision: DecisionBody

        private enum CodingKeys: String, CodingKey {
            case decision
            case vmID = "vm_id"
        }
    }

    let isPossible: Bool
    let moves: [Move]

    private enum CodingKeys: String, CodingKey {
        case moves
        case isPossible = "possible"
    }

    init(_ plan: DrainPlan) {
        isPossible = plan.isPossible
        moves = plan.moves.map { Move(vmID: $0.vm, decision: DecisionBody($0.decision)) }
    }
}
