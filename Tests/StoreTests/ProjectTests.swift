import Model
import Placement
import RedisClient
import TestKit
import Testing

@testable import Store

@Suite("Projects and their quotas")
struct ProjectTests {
    private func name(_ text: String = "web") throws -> ProjectName { try #require(ProjectName(text)) }

    private func create(in project: ProjectName, _ fixture: StoreFixture) async throws -> Acceptance {
        try await fixture.store.enqueueCreate(
            name: "a",
            type: 1.identifier(),
            image: 100.identifier(),
            project: project,
            request: "r"
        )
    }

    private func failure(_ body: () async throws -> Void) async throws -> Failure? {
        do { try await body() } catch let failure as Failure { return failure }
        return nil
    }

    private func usage(_ project: ProjectName, _ fixture: StoreFixture) async throws -> ProjectUsage? {
        try await fixture.store.project(project)?.usage
    }

    /// What some VMs of type 1 need.
    private func usage(vms: Int) -> ProjectUsage {
        ProjectUsage(vms: vms, needs: Resources(cpu: vms, ram: 512 * vms, disk: vms))
    }

    @Test("Each quota refuses what is beyond it, with its figures, and nothing is written then")
    func quotas() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let web = try name()
            #expect(try await failure { _ = try await create(in: web, fixture) }?.code == .unknownProject)
            try await fixture.store.createProject(web, quotas: [:])
            _ = try await create(in: web, fixture)
            let limits: [(QuotaResource, Int, QuotaExcess)] = [
                (.vms, 1, QuotaExcess(of: .vms, limit: 1, used: 1, asked: 1)),
                (.vcpus, 1, QuotaExcess(of: .vcpus, limit: 1, used: 1, asked: 1)),
                (.ram, 1023, QuotaExcess(of: .ram, limit: 1023, used: 512, asked: 512)),
                (.disk, 0, QuotaExcess(of: .disk, limit: 0, used: 1, asked: 1)),
            ]
            for (resource, limit, excess) in limits {
                #expect(try await fixture.store.update(web, ifVersion: nil, [resource: limit]) == .changed)
                let before = try await fixture.everything()
                let ofCreate = try await failure { _ = try await create(in: web, fixture) }
                let ofHold = try await failure {
                    _ = try await fixture.store.enqueueHold(
                        type: 1.identifier(),
                        image: 100.identifier(),
                        seconds: 60,
                        project: web,
                        request: "r"
                    )
                }
                for refusal in [ofCreate, ofHold] {
                    #expect(
                        refusal?.code == .quotaExceeded && refusal?.quota == excess,
                        "\(resource): \(refusal as Any)"
                    )
                }
                #expect(try await fixture.everything() == before)
                #expect(try await fixture.store.update(web, ifVersion: nil, [resource: nil]) == .changed)
            }
            _ = try await create(in: web, fixture)
            #expect(try await usage(web, fixture) == usage(vms: 2))
            // Another project's quota is its own.
            #expect(try await fixture.store.update(web, ifVersion: nil, [.vms: 0]) == .changed)
            _ = try await create(in: .default, fixture)
        }
    }

    @Test("A VM counts from its acceptance until it is gone: created, refused, cancelled, held, built, destroyed")
    func life() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let (store, web) = (fixture.store, try name())
            try await store.createProject(web, quotas: [.vms: 2])
            try await fixture.up(1, Resources(cpu: 1, ram: 512, disk: 9))
            let first = try await create(in: web, fixture)
            _ = try await create(in: web, fixture)
            #expect(try await usage(web, fixture) == usage(vms: 2))
            // The PM has room for one: the other is refused.
            _ = try await fixture.takeAll()
            #expect(try await usage(web, fixture) == usage(vms: 1))
            let cancelled = try await create(in: web, fixture)
            try await store.cancel(cancelled.job)
            #expect(try await usage(web, fixture) == usage(vms: 1))
            #expect(try await store.finish(Lease(job: first.job, epoch: 1), by: "w", JobEnding()))
            #expect(try await usage(web, fixture) == usage(vms: 1))
            let destroy = try await store.enqueueDestroy(first.vm, request: "r")
            _ = try await fixture.takeAll()
            #expect(try await store.finish(Lease(job: destroy.job, epoch: 1), by: "w", JobEnding()))
            #expect(try await usage(web, fixture) == .zero)
            #expect(try await store.job(destroy.job)?.record.project == web)
        }
    }

    @Test("A VM is seen and changed by its own project alone")
    func own() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let (store, web, other) = (fixture.store, try name(), try name("other"))
            for project in [web, other] { try await store.createProject(project, quotas: [:]) }
            let (mine, its) = (try await create(in: web, fixture), try await create(in: other, fixture))
            #expect(try await store.vms(VMFilter(project: web), after: nil, limit: 9).records.map(\.vm.id) == [mine.vm])
            #expect(try await store.vms(named: "a", of: web) == [mine.vm])
            #expect(try await store.vms(named: "a").count == 2)
            #expect(try await store.jobs(JobFilter(project: other), limit: 9).records.map(\.id) == [its.job])
            let refusal = try await failure { _ = try await store.enqueueDestroy(its.vm, of: web, request: "r") }
            #expect(refusal?.code == .unknownVM)
            let change = try await store.update(
                its.vm,
                of: web,
                ifVersion: nil,
                name: "b",
                labels: nil,
                description: nil
            )
            #expect(change == .unknown)
            _ = try await store.enqueueDestroy(its.vm, of: other, request: "r")
        }
    }

    @Test("A project is made once, listed by name, and deleted when nothing is in it")
    func records() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let (store, web) = (fixture.store, try name())
            #expect(try await store.projects(after: nil, limit: 9).records.map(\.name) == [.default])
            try await store.createProject(web, quotas: [.vms: 1])
            for project in [web, .default] {
                let refusal = try await failure { try await store.createProject(project, quotas: [:]) }
                #expect(refusal?.code == .projectExists)
            }
            let page = try await store.projects(after: nil, limit: 1)
            #expect(page.records.map(\.name) == [.default] && page.next == "default")
            #expect(try await store.projects(after: .default, limit: 1).records.map(\.name) == [web])
            #expect(try await store.update(web, ifVersion: ["1"], [.vms: 2]) == .outdated)
            #expect(try await store.update(try name("none"), ifVersion: nil, [.vms: 2]) == .unknown)
            _ = try await create(in: web, fixture)
            #expect(try await store.deleteProject(web, ifVersion: nil) == .hasVMs(1))
            #expect(try await store.deleteProject(try name("none"), ifVersion: nil) == .unknown)
        }
    }
}
