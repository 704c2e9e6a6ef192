import API
import ArgumentParser

/// A kind of object that the API lists: what its commands share.
protocol Noun: Sendable {
    associatedtype Item: Codable & Hashable & Sendable

    /// How people call one.
    static var word: String { get }
    static var plural: String { get }
    static var list: Endpoint<NoBody, Page<Item>> { get }
    /// Nil where only the list shows them.
    static var read: Endpoint<NoBody, Item>? { get }
    static var columns: [Column] { get }
    /// The field by which commands name one.
    static var nameField: String { get }
    /// The command that lists them, for completion.
    static var listCommand: String { get }
}

extension Noun {
    static var plural: String { word + "s" }
    static var read: Endpoint<NoBody, Item>? { nil }
    static var nameField: String { "name" }
    static var listCommand: String { "hvctl \(word) list" }

    /// Whether its objects have a field of this name.
    static func isField(_ name: String) -> Bool { Schema(of: Item.self)[field: name] != nil }

    /// Offers the names that there are now.
    static var completion: CompletionKind { .shellCommand("\(listCommand) -o name 2>/dev/null") }
}
