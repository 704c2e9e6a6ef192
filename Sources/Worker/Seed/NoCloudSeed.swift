import Foundation
import Model

/// The seed disk of a VM, as cloud-init's data source NoCloud reads it.
///
/// Keys and the host's name stand in the metadata, so that the user data are the caller's own, byte for byte, whatever their kind.
struct NoCloudSeed: Sendable {
    /// The label by which cloud-init finds the disk.
    private static let label = "CIDATA"

    /// What is on the disk.
    let files: [ISO9660Image.File]

    /// The disk.
    var image: [UInt8] { ISO9660Image(label: Self.label, files: files).bytes }

    init(_ seed: GuestSeed, of vm: VirtualMachine) {
        var files = [
            ISO9660Image.File(name: "meta-data", content: Array(Self.metadata(seed, of: vm).utf8)),
            // It must be there, and may be empty.
            ISO9660Image.File(name: "user-data", content: seed.userData),
        ]
        if !seed.networkConfig.isEmpty {
            files.append(ISO9660Image.File(name: "network-config", content: Array(seed.networkConfig.utf8)))
        }
        self.files = files
    }

    /// JSON, which is YAML, too; each value in a line of its own, for guests whose reader is a small one.
    ///
    /// Another instance-id would be another machine to cloud-init, with new host keys: the VM keeps its UUID for life.
    private static func metadata(_ seed: GuestSeed, of vm: VirtualMachine) -> String {
        let keys = seed.sshKeys.map { JSONText.quoted($0.line) }.joined(separator: ",\n")
        return """
            {
            "instance-id": \(JSONText.quoted(vm.uuid.uuidString.lowercased())),
            "local-hostname": \(JSONText.quoted(vm.hostname ?? "vm-\(vm.id)")),
            "public-keys": [\(keys.isEmpty ? "" : "\n\(keys)\n")]
            }

            """
    }
}
