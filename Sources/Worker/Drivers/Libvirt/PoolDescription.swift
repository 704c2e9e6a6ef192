import XML

/// Where a pool's volumes lie, whatever its type (`virStoragePoolGetXMLDesc`).
struct PoolTarget: Hashable, Sendable {
    /// The path on the PM, without a slash at its end.
    let path: String

    /// Reads libvirt's XML; nil where it says none.
    init?(xml: String) {
        guard let path = XMLElement.root(of: xml)?.descendant("target", "path")?.text else { return nil }
        self.init(path: path)
    }

    /// Takes a path.
    init(path: String) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }
}

/// A pool that is a directory (`virStoragePoolDefineXML`).
struct DirectoryPool: Hashable, Sendable {
    /// Its name.
    var name: String
    /// The directory on the PM.
    var path: String

    /// Makes a description.
    init(name: String, path: String) {
        self.name = name
        self.path = path
    }

    /// Reads libvirt's XML; nil where the pool is of another type.
    init?(xml: String) {
        guard let root = XMLElement.root(of: xml), root[attribute: "type"] == "dir",
            let name = root.child("name")?.text, let path = root.descendant("target", "path")?.text
        else { return nil }
        self.init(name: name, path: path)
    }

    /// The XML that defines it.
    var xml: String {
        XMLElement(
            "pool",
            ["type": "dir"],
            children: [
                XMLElement("name", text: name),
                XMLElement("target", children: [XMLElement("path", text: path)]),
            ]
        )
        .xmlString
    }
}
