import CXML

extension XMLElement {
    /// The element as text, in one line (`xmlNodeDump`); empty where there is no memory for it.
    package var xmlString: String {
        guard let document = unsafe xmlNewDoc("1.0"), let buffer = unsafe xmlBufferCreate() else { return "" }
        defer {
            unsafe xmlBufferFree(buffer)
            unsafe xmlFreeDoc(document)
        }
        guard let node = unsafe node(in: document) else { return "" }
        // The document owns the node from here on.
        _ = unsafe xmlDocSetRootElement(document, node)
        guard unsafe xmlNodeDump(buffer, document, node, 0, 0) >= 0, let text = unsafe xmlBufferContent(buffer) else {
            return ""
        }
        return unsafe String(cString: text)
    }

    /// Makes the node and what is below it; the caller puts it into the document.
    private func node(in document: xmlDocPtr) -> xmlNodePtr? {
        guard let node = unsafe xmlNewDocRawNode(document, nil, name, nil) else { return nil }
        // Raw values and texts: what has a meaning in XML is escaped when it is written.
        for attribute in attributes { _ = unsafe xmlNewProp(node, attribute.name, attribute.value) }
        if !text.isEmpty { _ = unsafe xmlAddChild(node, xmlNewDocText(document, text)) }
        for child in children {
            if let child = unsafe child.node(in: document) { _ = unsafe xmlAddChild(node, child) }
        }
        return unsafe node
    }
}
