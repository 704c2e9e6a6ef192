import Testing
import XML

@Suite("XML elements")
struct XMLElementTests {
    @Test(
        "Text and values are data: they come back as they were",
        arguments: [
            "", "a", "</name><x>", "a'b\"c&d;", "&amp;", "&#65;", "]]>", "名前", "🚀", "e\u{301}", " two  blanks ",
            "%s", "\u{85}", "tab\tnewline\nreturn\r", String(repeating: "x", count: 10_000),
        ]
    )
    func roundTrip(text: String) throws {
        let element = XMLElement("a", ["v": text], text: text, children: [XMLElement("b", text: text)])
        let read = try #require(XMLElement.root(of: element.xmlString))
        #expect(read.text == text)
        #expect(read[attribute: "v"] == text)
        #expect(read.child("b")?.text == text)
    }

    @Test("Order, nesting, prefixes and absent things")
    func structure() throws {
        let text = "<d xmlns:h='urn:x' n='1'><!-- no --><h:vm id='7'/><x>1</x><x><![CDATA[<2>]]></x></d>"
        let root = try #require(XMLElement.root(of: text))
        #expect(root.name == "d" && root[attribute: "n"] == "1" && root[attribute: "m"] == nil)
        #expect(root.children.map(\.name) == ["h:vm", "x", "x"])
        #expect(root.child("h:vm")?.localName == "vm" && root.child("h:vm")?[attribute: "id"] == "7")
        #expect(root.children("x").map(\.text) == ["1", "<2>"])
        #expect(root.descendant("x", "y") == nil)
        #expect(XMLElement("a", ["b": nil], children: [nil, XMLElement("c")]).xmlString == "<a><c/></a>")
    }

    @Test(
        "What is no XML, or wants something from outside, reads as nothing or without it",
        arguments: ["", " ", "a", "<a>", "<a></b>", "<a b=c/>", "<a/><b/>", "\u{0}", "<a>\u{1}</a>"]
    )
    func refused(text: String) {
        #expect(XMLElement.root(of: text) == nil)
    }

    @Test("Entities from outside and bombs of entities are not followed")
    func entities() {
        let file = #"<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>"#
        #expect(XMLElement.root(of: file)?.text ?? "" == "")
        let depth = String(repeating: "<a>", count: 100_000)
        #expect(XMLElement.root(of: depth) == nil)
    }
}
