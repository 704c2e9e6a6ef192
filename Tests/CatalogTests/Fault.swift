import Catalog
import Testing

/// A text with a fault, and the error that it is to give.
struct Fault: Sendable, CustomTestStringConvertible {
    let text: String
    let code: CatalogError.Code
    let place: String?
    let words: String

    init(_ text: String, _ code: CatalogError.Code, _ place: String?, _ words: String) {
        self.text = text
        self.code = code
        self.place = place
        self.words = words
    }

    var testDescription: String { "\(code.rawValue): \(text.prefix(60).debugDescription)" }

    /// Expects that `parse` refuses the text, with this code, at this place, in words that hold ours.
    func check(
        sourceLocation: SourceLocation = #_sourceLocation,
        _ parse: (String) throws(CatalogError) -> some Sendable
    ) {
        let error = #expect(throws: CatalogError.self, sourceLocation: sourceLocation) { try parse(text) }
        guard let error else { return }
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        #expect(error.position?.description == place, "\(error)", sourceLocation: sourceLocation)
        #expect(error.description.contains(words), "\(error)", sourceLocation: sourceLocation)
    }
}
