import API
import HTTPTypes
import Model
import Store

/// `/v1/vms`.
struct VMController: Sendable {
    let service: VMService
    let batches: BatchService
    let store: Store
    let roomWait: RoomWait
    let consoleMatch: ConsoleMatch

    /// 202 with the job; for a caller who waits, 201 with the VM that runs.
    ///
    /// Several VMs are answered as a batch.
    @Sendable
    func create(_ call: V1Call<CreateVMRequest>) async throws(Failure) -> Answer<V1Response<VMResponse>> {
        let body = call.body
        let project = try call.project(named: body.project)
        let awaited = try call.awaited()
        let roomWait = try roomWait.duration(body.whenFull, body.waitSeconds, until: body.deadlineAt)
        let constraints = try await store.constraints(
            body.placement,
            networks: body.networks,
            reservesAddress: body.address == .reserve
        )
        if let count = body.count, count > 1, let type = body.type {
            guard awaited == nil else {
                throw Failure(
                    .invalidRequest,
                    "wait_for is for one VM: leave it out, and wait for each VM of the batch"
                )
            }
            let names = Batch.names(body.name, count: count)
            let seeds = try await service.seeds.seeds(body.guest, of: names, in: project)
            let creates = zip(names, seeds).map { name, seed in
                BatchCreate(
                    name: name,
                    type: type,
                    image: body.image,
                    constraints: constraints,
                    notes: body.notes,
                    seed: seed
                )
            }
            return try await V1Response.answer(
                toBatch: call,
                by: batches,
                creates,
                isAtomic: body.atomic ?? false,
                in: project,
                roomWait: roomWait
            )
        }
        let answer = try await service.submit(
            body,
            at: constraints,
            // Whoever may see all projects may build any hold.
            in: body.hold != nil && body.project == nil ? call.ownProject : project,
            roomWait: roomWait,
            waiting: try call.wait(),
            request: call.requestID,
            key: try call.idempotencyKey()
        )
        return try await V1Response.answer(answer, of: service, call) { accepted async throws(Failure) in
            let location = "/v1/vms/\(accepted.vm)"
            guard let awaited else {
                guard let status = try await store.vm(accepted.vm) else {
                    return try .gone(accepted, status: .created)
                }
                return try V1Response(VMResponse(status), status: .created, location: location)
            }
            switch try await service.wait(for: awaited.level, of: accepted.vm, until: awaited.deadline).value() {
            case .there(let vm): return try V1Response(vm, status: .created, location: location)
            case .gone(let vm): return try V1Response(json: vm, .created)
            }
        }
    }

    @Sendable
    func read(_ call: V1Call<NoBody>) async throws(Failure) -> Answer<V1Response<VMResponse>> {
        let id = try await call.vm(in: store)
        guard let awaited = try call.awaited() else {
            guard call.query["wait"] == nil, call.query["console_match"] == nil else {
                throw Failure(.invalidRequest, "wait and console_match need wait_for: say what to wait for")
            }
            return .ready(try await answer(about: id, call))
        }
        if let text = try call.consoleText(for: awaited.level) {
            return .awaited { () async throws(Failure) in
                try await wait(for: text, of: id, until: awaited.deadline, call)
            }
        }
        return try await service.wait(for: awaited.level, of: id, until: awaited.deadline)
            .map { (awaited) throws(Failure) in
                switch awaited {
                case .there(let vm): try V1Response(object: vm, settings: vm.version, for: call)
                case .gone(let vm): try V1Response(gone: vm)
                }
            }
    }

    /// Waits until a text is in the VM's console, or its record says that none will be there.
    private func wait(
        for text: String,
        of id: VMID,
        until deadline: ContinuousClock.Instant,
        _ call: V1Call<NoBody>
    ) async throws(Failure) -> V1Response<VMResponse> {
        enum End: Sendable {
            case match(Result<Bool, Failure>)
            case record(Result<VMService.AwaitedVM, Failure>)
        }
        let end = await withTaskGroup(of: End.self) { group in
            group.addTask { [consoleMatch] in
                do throws(Failure) {
                    return .match(.success(try await consoleMatch.wait(for: text, of: id, until: deadline)))
                } catch { return .match(.failure(error)) }
            }
            group.addTask { [service] in
                do throws(Failure) {
                    return .record(.success(try await service.wait(for: .console, of: id, until: deadline).value()))
                } catch { return .record(.failure(error)) }
            }
            defer { group.cancelAll() }
            while let end = await group.next() {
                // The record says so at the same deadline.
                if case .match(.success(false)) = end { continue }
                return end
            }
            return .match(.success(false))
        }
        switch end {
        case .match(let found):
            _ = try found.get()
            guard let status = try await store.vm(id) else { throw try await service.whyUnknown(id) }
            var vm = VMResponse(status)
            (vm.reached, vm.wait) = (true, VMWait(level: .console, result: .reached))
            return try V1Response(object: vm, settings: vm.version, for: call)
        case .record(let awaited):
            switch try awaited.get() {
            case .there(let vm): return try V1Response(object: vm, settings: vm.version, for: call)
            case .gone(let vm): return try V1Response(gone: vm)
            }
        }
    }

    @Sendable
    func update(_ call: V1Call<UpdateVMRequest>) async throws(Failure) -> V1Response<VMResponse> {
        let id = try await call.vm(in: store)
        let change = try await store.update(
            id,
            of: call.ownProject,
            ifVersion: call.requiredSettings,
            name: call.body.name,
            labels: call.body.labels,
            description: call.body.description
        )
        switch change {
        case .changed: return try await answer(about: id, call)
        case .unknown: throw try await service.whyUnknown(id)
        case .outdated: throw .changedSince("VM \(id)")
        }
    }

    private func answer<Body>(about id: VMID, _ call: V1Call<Body>) async throws(Failure) -> V1Response<VMResponse> {
        guard let status = try await store.vm(id) else { throw try await service.whyUnknown(id) }
        return try V1Response(object: VMResponse(status), settings: status.version, for: call)
    }

    @Sendable
    func list(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<Page<VMResponse>> {
        let request = try call.page()
        var filter = try VMFilter(call.query)
        filter.project = try call.projectFilter()
        let page = try await store.vms(filter, after: try request.identifier(), limit: request.limit)
        return try V1Response(page, of: call) { VMResponse($0) }
    }

    /// 202 with the job; for a caller who waits, 200 when the VM was destroyed.
    @Sendable
    func destroy(_ call: V1Call<NoBody>) async throws(Failure) -> Answer<V1Response<VMGone>> {
        let answer = try await service.destroy(
            try await call.vm(in: store),
            of: call.ownProject,
            ifVersion: call.requiredSettings,
            waiting: try call.wait(),
            request: call.requestID,
            key: try call.idempotencyKey()
        )
        return try await V1Response.answer(answer, of: service, call) { accepted async throws(Failure) in
            try .gone(accepted, left: try await store.filesLeft(by: accepted.job))
        }
    }
}

extension V1Call {
    /// The text to wait for in the console; nil where another level is waited for.
    fileprivate func consoleText(for level: VMLevel) throws(Failure) -> String? {
        let text = query["console_match"]
        guard level == .console else {
            guard text == nil else {
                throw Failure(.invalidRequest, "console_match needs wait_for=console")
            }
            return nil
        }
        guard let text, (1...256).contains(text.utf8.count) else {
            throw Failure(.invalidRequest, "wait_for=console needs console_match: give a text of 1 to 256 bytes")
        }
        // Whoever may not read a console is not told what is in it.
        try context.checkRight(to: Endpoints.readConsole.description)
        return text
    }

    /// How far the caller waits for a VM to come, and until when; nil where nothing is said of it.
    fileprivate func awaited() throws(Failure) -> (level: VMLevel, deadline: ContinuousClock.Instant)? {
        guard let level = try query.word("wait_for", of: VMLevel.allCases) else { return nil }
        return (level, .now + (try wait()))
    }
}
