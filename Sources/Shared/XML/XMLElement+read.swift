import CXML

extension XMLElement {
    /// Reads a document (`xmlReadMemory`); nothing outside the text is ever fetched.
    ///
    /// - Parameter text: the XML.
    /// - Returns: its root; nil where it is no XML.
    package static func root(of text: String) -> XMLElement? {
        _ = initialized
        let options = XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
        var text = text
        let document = text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { bytes in
                unsafe xmlReadMemory(bytes.baseAddress, Int32(clamping: bytes.count), nil, "UTF-8", Int32(options))
            }
        }
        guard let document = unsafe document else { return nil }
        defer { unsafe xmlFreeDoc(document) }
        return unsafe xmlDocGetRootElement(document).map { unsafe XMLElement(node: $0) }
    }

    /// libxml2 may be used by many threads once this has run (`xmlInitParser`).
    private static let initialized: Void = xmlInitParser()

    /// Copies a node and what is below it; depth is bounded by the parser.
    private init(node: xmlNodePtr) {
        var text = ""
        var children: [XMLElement] = []
        var next = unsafe node.pointee.children
        while let child = unsafe next {
            switch unsafe child.pointee.type {
            case XML_ELEMENT_NODE: children.append(unsafe XMLElement(node: child))
            case XML_TEXT_NODE, XML_CDATA_SECTION_NODE: text += unsafe string(child.pointee.content)
            default: break
            }
            unsafe next = child.pointee.next
        }
        self.init(
            name: unsafe qualified(node.pointee.name, node.pointee.ns),
            attributes: unsafe XMLElement.attributes(of: node),
            text: text,
            children: children
        )
    }

    private static func attributes(of node: xmlNodePtr) -> [Attribute] {
        var attributes: [Attribute] = []
        var next = unsafe node.pointee.properties
        while let attribute = unsafe next {
            let value = unsafe xmlNodeListGetString(node.pointee.doc, attribute.pointee.children, 1)
            defer { if let value = unsafe value { unsafe hvc_xml_free(value) } }
            let name = unsafe qualified(attribute.pointee.name, attribute.pointee.ns)
            attributes.append(Attribute(name: name, value: unsafe string(value)))
            unsafe next = attribute.pointee.next
        }
        return attributes
    }
}

private func qualified(_ name: UnsafePointer<xmlChar>?, _ namespace: xmlNsPtr?) -> String {
    guard let prefix = unsafe namespace?.pointee.prefix else { return unsafe string(name) }
    return unsafe string(prefix) + ":" + string(name)
}

private func string(_ text: UnsafePointer<xmlChar>?) -> String {
    guard let text = unsafe text else { return "" }
    return unsafe String(cString: text)
}
