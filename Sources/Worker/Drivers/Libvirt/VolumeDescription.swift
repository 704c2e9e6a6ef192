import Foundation
import XML

/// The description of a volume, in both directions (`virStorageVolCreateXML`, `virStorageVolGetXMLDesc`).
struct VolumeDescription: Hashable, Sendable {
    /// The image beneath an overlay.
    struct Backing: Hashable, Sendable {
        /// Its path on the PM.
        var path: String
        /// Its format.
        var format: String

        fileprivate var element: XMLElement {
            let format = XMLElement("format", ["type": format])
            return XMLElement("backingStore", children: [XMLElement("path", text: path), format])
        }
    }

    /// Its name within the pool.
    var name: String
    /// `raw` or `qcow2`.
    var format: String
    /// Its size in bytes as the guest sees it.
    var capacity: Int64
    /// The image beneath; nil for none.
    var backing: Backing?

    /// Describes a volume.
    ///
    /// - Parameters:
    ///   - name: its name within the pool.
    ///   - format: `raw` or `qcow2`.
    ///   - capacity: its size in bytes.
    ///   - backing: the image beneath.
    init(name: String, format: String, capacity: Int64, backing: Backing? = nil) {
        self.name = name
        self.format = format
        self.capacity = capacity
        self.backing = backing
    }

    /// When the volume was written to last, in seconds since 1970; nil where libvirt does not report it.
    static func lastWrite(inXML xml: String) -> TimeInterval? {
        XMLElement.root(of: xml)?.descendant("target", "timestamps", "mtime").flatMap { TimeInterval($0.text) }
    }

    /// Reads libvirt's XML; nil where it is none.
    init?(xml: String) {
        guard let root = XMLElement.root(of: xml), let name = root.child("name")?.text,
            let capacity = root.child("capacity").flatMap({ Int64($0.text) })
        else { return nil }
        self.init(
            name: name,
            format: root.descendant("target", "format")?[attribute: "type"] ?? "raw",
            capacity: capacity,
            backing: root.descendant("backingStore", "path").map { path in
                Backing(path: path.text, format: root.descendant("backingStore", "format")?[attribute: "type"] ?? "raw")
            }
        )
    }

    /// The XML that makes it.
    ///
    /// Nothing is allocated ahead, so a volume takes only what is written to it.
    var xml: String {
        // Without it libvirt makes qcow2 version 2, on which later snapshots and resizing fail.
        let version = format == "qcow2" ? XMLElement("compat", text: "1.1") : nil
        let target = XMLElement("target", children: [XMLElement("format", ["type": format]), version])
        let common: [XMLElement?] = [
            XMLElement("name", text: name),
            XMLElement("capacity", ["unit": "bytes"], text: String(capacity)),
            XMLElement("allocation", ["unit": "bytes"], text: "0"),
            target,
        ]
        return XMLElement("volume", children: common + [backing?.element]).xmlString
    }
}
