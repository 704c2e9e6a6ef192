import Testing

@testable import CLI

@Suite("The manual of hvctl")
struct ManPageTests {
    @Test("Each command has a page with its name, its options and its commands")
    func pages() throws {
        let pages = try ManPage.all()
        let names = Set(pages.map(\.name))
        for command in CommandPath.all where command.words.first != "help" {
            #expect(names.contains((["hvctl"] + command.words).joined(separator: "-")), "\(command.words)")
        }
        let page = try #require(pages.first { $0.name == "hvctl-queue-pause" })
        try Golden.expect(page.text, "hvctl-queue-pause.1")
        // A line that begins with a dot is a request of the language.
        let requests = Set([".TH", ".SH", ".B", ".TP", ".br"])
        for page in pages {
            for line in page.text.split(separator: "\n") where line.hasPrefix(".") || line.hasPrefix("'") {
                #expect(requests.contains(String(line.prefix { $0 != " " })), "\(page.name): \(line)")
            }
        }
    }
}
