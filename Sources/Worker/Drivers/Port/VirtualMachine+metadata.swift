import Foundation
import Model
import XML

/// Our whole record of a VM as it stands in its domain's `<metadata>`, so that Redis can be rebuilt from the PMs.
extension VirtualMachine {
    /// The namespace by which libvirt finds the record, and by which a domain is known to be ours.
    static let metadataNamespace = "https://hypervisor-coordinator.org/xmlns/vm/1"

    /// The installation that domains are of which do not name one.
    static let defaultCell = "default"

    /// The largest amount of CPUs, MiB or GiB that is read: as many as a type may have of any, so that sums stay sums.
    private static let largestAmount = 1 << 30

    /// The record as one element.
    ///
    /// Values are attributes, whose spaces libvirt keeps as they are.
    ///
    /// - Parameter cell: the installation that makes the VM.
    /// - Returns: the element.
    func metadataElement(cell: String = defaultCell) -> XMLElement {
        XMLElement(
            "hvc:vm",
            [
                "xmlns:hvc": Self.metadataNamespace,
                "id": id.description,
                "uuid": uuid.uuidString.lowercased(),
                "name": Self.escaped(name),
                "type": type.description,
                "image": image.description,
                "cpu": String(needs.cpu),
                "ram": String(needs.ram),
                "disk": String(needs.disk),
                "where": constraints == .none ? nil : constraints.json,
                "macs": macs.isEmpty ? nil : macs.words,
                "project": project == .default ? nil : project.description,
                "labels": notes.labels.isEmpty ? nil : notes.labelWords,
                "description": notes.description.map(Self.escaped),
                "seed": seed?.words,
                "created": createdAt,
                "job": createJob?.description,
                "cell": cell,
            ]
        )
    }

    /// Reads the record back; nil where something is missing or is not as we write it.
    ///
    /// - Parameter text: the element as `virDomainGetMetadata` gives it, with or without the namespace's prefix.
    init?(metadata text: String) {
        guard let vm = Self.read(metadata: text)?.vm else { return nil }
        self = vm
    }

    /// Reads the record back, with the installation that made the VM.
    ///
    /// - Parameter text: the element as `virDomainGetMetadata` gives it.
    /// - Returns: nil where something is missing or is not as we write it.
    static func read(metadata text: String) -> (vm: VirtualMachine, cell: String)? {
        guard let element = XMLElement.root(of: text), let vm = VirtualMachine(element: element) else { return nil }
        return (vm, element[attribute: "cell"] ?? defaultCell)
    }

    private init?(element: XMLElement) {
        guard element.localName == "vm",
            let id = element[attribute: "id"].flatMap({ VMID($0) }), id.isAdoptable,
            let uuid = element[attribute: "uuid"].flatMap(UUID.init(uuidString:)),
            let name = element[attribute: "name"].map(Self.unescaped),
            let type = element[attribute: "type"].flatMap({ TypeID($0) }), type.isAdoptable,
            let image = element[attribute: "image"].flatMap({ ImageID($0) }), image.isAdoptable,
            let cpu = element[attribute: "cpu"].flatMap({ Int($0) }),
            let ram = element[attribute: "ram"].flatMap({ Int($0) }),
            let disk = element[attribute: "disk"].flatMap({ Int($0) }),
            [cpu, ram, disk].allSatisfy((0...Self.largestAmount).contains)
        else { return nil }
        let job = element[attribute: "job"].flatMap { JobID($0) }
        guard job?.isAdoptable ?? true else { return nil }
        self.init(
            id: id,
            uuid: uuid,
            name: name,
            type: type,
            image: image,
            needs: Resources(cpu: cpu, ram: ram, disk: disk),
            constraints: element[attribute: "where"].flatMap(PlacementConstraints.init(json:)) ?? .none,
            macs: element[attribute: "macs"].flatMap([MACAddress].init(words:)) ?? [],
            project: element[attribute: "project"].flatMap { ProjectName($0) } ?? .default,
            notes: VMNotes(
                labels: element[attribute: "labels"].flatMap(VMNotes.labels(words:)) ?? [:],
                description: element[attribute: "description"].map(Self.unescaped)
            ),
            seed: element[attribute: "seed"].flatMap(SeedSummary.init(words:)),
            createdAt: element[attribute: "created"].flatMap { Self.isTime($0) ? $0 : nil },
            createJob: job
        )
    }

    /// Whether a text is a time as the store writes it, which is all that may come from a domain into a record.
    private static func isTime(_ text: String) -> Bool {
        text.utf8.count == 24 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || "-T:.Z".utf8.contains($0) }
    }

    /// A backslash sequence for U+FEFF, which some XML readers drop from the start of a text as a byte order mark.
    private static let escapedMark = "\\uFEFF"

    private static func escaped(_ name: String) -> String {
        // By scalar: a backslash with an accent is one Character, and it is another one than a backslash.
        name.unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "\\": text += "\\\\"
            case "\u{FEFF}": text += escapedMark
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    private static func unescaped(_ text: String) -> String {
        var name = ""
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            if scalar != "\\" {
                name.unicodeScalars.append(scalar)
            } else if rest.starts(with: escapedMark.unicodeScalars.dropFirst()) {
                name += "\u{FEFF}"
                rest = rest.dropFirst(escapedMark.unicodeScalars.count - 1)
            } else {
                // One that stands alone was written before backslashes were escaped.
                name.unicodeScalars.append(scalar)
                if rest.first == scalar { rest = rest.dropFirst() }
            }
        }
        return name
    }
}
