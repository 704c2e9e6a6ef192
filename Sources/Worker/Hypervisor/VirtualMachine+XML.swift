import Foundation
import FoundationXML
import Model

/// Our whole record of a VM as it stands in its domain's `<metadata>`, so that Redis can be rebuilt from the PMs.
extension VirtualMachine {
    /// The namespace by which libvirt finds the record, and by which a domain is known to be ours.
    static let metadataNamespace = "https://hypervisor-coordinator.org/xmlns/vm/1"

    /// The record as one element. Values are attributes, whose spaces libvirt keeps as they are.
    var metadataElement: XMLElement {
        XMLElement(
            "hvc:vm",
            [
                "xmlns:hvc": Self.metadataNamespace,
                "id": id.description,
                "uuid": uuid.uuidString.lowercased(),
                "name": name,
                "type": type.description,
                "image": image.description,
                "cpu": String(needs.cpu),
                "ram": String(needs.ram),
                "disk": String(needs.disk),
            ]
        )
    }

    /// Reads the record back; nil where something is missing or is not as we write it.
    ///
    /// - Parameter text: the element as `virDomainGetMetadata` gives it, with or without the namespace's prefix.
    init?(metadata text: String) {
        guard let element = XMLElement.root(of: text), element.localName == "vm",
            let id = element[attribute: "id"].flatMap({ VMID($0) }),
            let uuid = element[attribute: "uuid"].flatMap(UUID.init(uuidString:)),
            let name = element[attribute: "name"],
            let type = element[attribute: "type"].flatMap({ TypeID($0) }),
            let image = element[attribute: "image"].flatMap({ ImageID($0) }),
            let cpu = element[attribute: "cpu"].flatMap({ Int($0) }), cpu >= 0,
            let ram = element[attribute: "ram"].flatMap({ Int($0) }), ram >= 0,
            let disk = element[attribute: "disk"].flatMap({ Int($0) }), disk >= 0
        else { return nil }
        self.init(
            id: id,
            uuid: uuid,
            name: name,
            type: type,
            image: image,
            needs: Resources(cpu: cpu, ram: ram, disk: disk)
        )
    }
}
