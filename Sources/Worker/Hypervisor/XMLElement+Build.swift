import Foundation
import FoundationXML

extension XMLElement {
    /// Makes an element from data; FoundationXML escapes what needs it.
    ///
    /// - Parameters:
    ///   - name: the element's name.
    ///   - attributes: names and values in their order; an attribute without a value is left out.
    ///   - text: its text, before any children.
    ///   - children: its children in their order; nil is left out.
    convenience init(
        _ name: String,
        _ attributes: KeyValuePairs<String, String?> = [:],
        text: String? = nil,
        children: [XMLElement?] = []
    ) {
        self.init(name: name)
        for (name, value) in attributes {
            guard let value, let attribute = XMLNode.attribute(withName: name, stringValue: value) as? XMLNode else {
                continue
            }
            addAttribute(attribute)
        }
        if let text, let node = XMLNode.text(withStringValue: text) as? XMLNode { addChild(node) }
        for child in children.compactMap(\.self) { addChild(child) }
    }

    /// The first child of this name.
    func child(_ name: String) -> XMLElement? {
        elements(forName: name).first
    }

    /// The first element at a path of names.
    func descendant(_ path: String...) -> XMLElement? {
        path.reduce(self as XMLElement?) { element, name in element?.child(name) }
    }

    /// The value of an attribute.
    subscript(attribute name: String) -> String? {
        attribute(forName: name)?.stringValue
    }

    /// Reads a document that libvirt wrote.
    ///
    /// - Parameter text: the XML.
    /// - Returns: its root; nil where it is no XML.
    static func root(of text: String) -> XMLElement? {
        // FoundationXML traps on an empty text.
        guard !text.isEmpty else { return nil }
        return try? XMLDocument(xmlString: text, options: .nodePreserveWhitespace).rootElement()
    }
}
