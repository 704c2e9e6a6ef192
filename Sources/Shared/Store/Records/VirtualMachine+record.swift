import Foundation
public import Model

extension VirtualMachine {
    /// Reads the hash `vm:<id>`; nil where it is none that our scripts wrote.
    ///
    /// - Parameter record: its fields.
    public init?(record: [String: String]) {
        guard let id = record["id"].flatMap(VMID.init), let uuid = record["uuid"].flatMap(UUID.init(uuidString:)),
            let name = record["name"], let type = record["type"].flatMap(TypeID.init),
            let image = record["image"].flatMap(ImageID.init), let needs = Resources(record: record, prefix: "")
        else { return nil }
        self.init(id: id, uuid: uuid, name: name, type: type, image: image, needs: needs)
    }
}

/// A VM's record with where it stands.
public struct VMStatus: Hashable, Sendable {
    /// The record.
    public let vm: VirtualMachine
    /// Where it is in its life.
    public let state: VMState
    /// The PM that holds it; nil before it is placed.
    public let pm: PMID?
}

extension VMStatus {
    init?(record: [String: String]) {
        guard let vm = VirtualMachine(record: record), let state = record["state"].flatMap(VMState.init) else {
            return nil
        }
        self.init(vm: vm, state: state, pm: record["pm"].flatMap(PMID.init))
    }
}
