import API
import Model
import Store

extension V1Call {
    /// The VM that the path calls by its number or its name.
    func vm(in store: Store) async throws(Failure) -> VMID {
        switch try reference() as ObjectReference<VirtualMachine> {
        case .number(let id):
            // What a caller may not see is not there for it.
            guard let own = ownProject, try await store.project(of: id) != own else { return id }
            throw Failure(.unknownVM, "there is no VM \(id)")
        case .name(let name):
            let found = try await store.vms(named: try VMName.validated(name), of: ownProject)
            guard let id = try only(of: found, named: name, "VMs") else {
                throw Failure(.unknownVM, "there is no VM named '\(name.prefix(80))'")
            }
            return id
        }
    }

    /// The PM that the path calls by its number or its address, as the pm_file has it.
    func pm(in store: Store) async throws(Failure) -> PMID {
        switch try reference() as ObjectReference<PhysicalMachine> {
        case .number(let id): return id
        case .name(let address):
            guard let id = try await store.pm(at: address) else {
                throw Failure(.unknownPM, "there is no PM with the address '\(address.prefix(80))'")
            }
            return id
        }
    }

    /// The image that the path calls by its number or its name.
    func image(in store: Store) async throws(Failure) -> ImageID {
        switch try reference() as ObjectReference<Image> {
        case .number(let id): return id
        case .name(let name):
            let found = try await store.images().filter { $0.name == name }.map(\.id)
            guard let id = try only(of: found, named: name, "images") else {
                throw Failure(.unknownImage, "there is no image named '\(name.prefix(80))': /v1/images lists them")
            }
            return id
        }
    }

    private func only<Entity>(
        of found: [Identifier<Entity>],
        named name: String,
        _ kind: String
    ) throws(Failure) -> Identifier<Entity>? {
        guard found.count > 1 else { return found.first }
        let ids = found.map(\.description).joined(separator: ", ")
        throw Failure(.ambiguousName, "\(kind) \(ids) are all named '\(name.prefix(80))': give a number")
    }
}
