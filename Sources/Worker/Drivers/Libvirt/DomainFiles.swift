import XML

/// The files on a PM that a domain and its snapshots write to or stand on, as libvirt's XML names them.
struct DomainFiles: Hashable, Sendable {
    /// Their paths, each once.
    private(set) var paths: [String] = []

    /// Adds the files of a domain's disks (`virDomainGetXMLDesc`): what they write to, all that stands beneath, and what
    /// they are being copied to.
    mutating func add(domain xml: String) {
        if let root = XMLElement.root(of: xml) { add(domain: root) }
    }

    /// Adds the files that a snapshot made, and those that the domain had then (`virDomainSnapshotGetXMLDesc`).
    mutating func add(snapshot xml: String) {
        guard let root = XMLElement.root(of: xml) else { return }
        add(root.child("memory")?[attribute: "file"])
        for disk in root.child("disks")?.children ?? [] { addSources(of: disk) }
        for name in ["domain", "inactiveDomain"] {
            if let domain = root.child(name) { add(domain: domain) }
        }
    }

    private mutating func add(domain: XMLElement) {
        for disk in domain.child("devices")?.children ?? [] where disk.localName == "disk" {
            // What is read only, such as an installation medium, holds nothing of the guest's.
            guard disk.child("readonly") == nil, disk[attribute: "device"] ?? "disk" == "disk" else { continue }
            addSources(of: disk)
        }
    }

    private mutating func addSources(of element: XMLElement) {
        let source = element.child("source")
        add(source?[attribute: "file"] ?? source?[attribute: "dev"])
        for name in ["backingStore", "mirror"] {
            if let next = element.child(name) { addSources(of: next) }
        }
    }

    private mutating func add(_ path: String?) {
        if let path, !path.isEmpty, !paths.contains(path) { paths.append(path) }
    }
}
