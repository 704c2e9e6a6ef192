import CLibvirt
import Foundation

extension Domain {
    /// The descriptions of its snapshots, each with the files that it made (`virDomainListAllSnapshots`,
    /// `virDomainSnapshotGetXMLDesc`).
    ///
    /// - Returns: the XML of each.
    /// - Throws: `LibvirtError`, of kind `unsupported` for drivers without snapshots.
    package func snapshotDescriptions() throws(LibvirtError) -> [String] {
        var array: UnsafeMutablePointer<OpaquePointer?>?
        let count = try unsafe checked(
            withPointer { unsafe virDomainListAllSnapshots($0, &array, 0) },
            "virDomainListAllSnapshots"
        )
        defer { unsafe free(array) }
        var descriptions: [String] = []
        var failure: LibvirtError?
        for index in 0..<Int(count) {
            guard let snapshot = unsafe array?[index] else { continue }
            do throws(LibvirtError) {
                descriptions.append(
                    try unsafe owned(virDomainSnapshotGetXMLDesc(snapshot, 0), "virDomainSnapshotGetXMLDesc")
                )
            } catch {
                failure = failure ?? error
            }
            _ = unsafe virDomainSnapshotFree(snapshot)
        }
        if let failure { throw failure }
        return descriptions
    }
}
