/// An XML element as a value: its name, attributes, text and children, in their order.
///
/// libxml2 reads and writes it, so that text and values are data and never markup.
package struct XMLElement: Hashable, Sendable {
    /// An attribute.
    package struct Attribute: Hashable, Sendable {
        /// Its name, with its prefix where it has one.
        package let name: String
        package let value: String
    }

    /// Its name, with its prefix where it has one.
    package let name: String
    package let attributes: [Attribute]
    /// The text that stands directly in it.
    package let text: String
    /// The elements that stand directly in it.
    package let children: [XMLElement]

    /// Makes an element.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - attributes: names and values in their order; an attribute without a value is left out.
    ///   - text: its text, before any children.
    ///   - children: its children in their order; nil is left out.
    package init(
        _ name: String,
        _ attributes: KeyValuePairs<String, String?> = [:],
        text: String = "",
        children: [XMLElement?] = []
    ) {
        self.init(
            name: name,
            attributes: attributes.compactMap { name, value in value.map { Attribute(name: name, value: $0) } },
            text: text,
            children: children.compactMap(\.self)
        )
    }

    init(name: String, attributes: [Attribute], text: String, children: [XMLElement]) {
        self.name = name
        self.attributes = attributes
        self.text = text
        self.children = children
    }

    /// Its name without its prefix.
    package var localName: Substring {
        name.split(separator: ":", maxSplits: 1).last ?? ""
    }

    /// The children of this name.
    ///
    /// - Parameter name: the name, with its prefix where it has one.
    /// - Returns: those children, in their order.
    package func children(_ name: String) -> [XMLElement] {
        children.filter { $0.name == name }
    }

    /// The first child of this name.
    ///
    /// - Parameter name: the name, with its prefix where it has one.
    /// - Returns: that child; nil where there is none.
    package func child(_ name: String) -> XMLElement? {
        children.first { $0.name == name }
    }

    /// The first element at a path of names.
    ///
    /// - Parameter path: the names of children, one below the other.
    /// - Returns: that element; nil where there is none.
    package func descendant(_ path: String...) -> XMLElement? {
        path.reduce(self as XMLElement?) { element, name in element?.child(name) }
    }

    /// The value of an attribute.
    ///
    /// - Parameter name: the name, with its prefix where it has one.
    package subscript(attribute name: String) -> String? {
        attributes.first { $0.name == name }?.value
    }
}
