package import Model

/// A page of a list.
package struct Page<Item: Codable & Hashable & Sendable>: Codable, Hashable, Sendable {
    package let items: [Item]
    /// Asks for what follows; missing on the last page.
    package let nextCursor: String?
    /// The id of the last event before the page was read: what happens after it, the page does not show.
    package let eventsCursor: String

    private enum CodingKeys: String, CodingKey {
        case items
        case nextCursor = "next_cursor"
        case eventsCursor = "events_cursor"
    }

    package init(items: [Item], next: ListCursor?, events: String) {
        self.items = items
        nextCursor = next?.description
        eventsCursor = events
    }
}

extension Endpoint where Body == NoBody {
    /// A list in pages.
    package init<Item>(
        list name: String,
        _ path: PathTemplate,
        filters: [QueryParameter] = [],
        right: AccessRole? = nil,
        scope: EndpointScope = .installation,
        _ summary: String
    ) where Answer == Page<Item> {
        self.init(v1: name, .get, path, query: ListQuery.parameters + filters, right: right, scope: scope, summary)
    }
}

/// The arguments that every list takes.
package enum ListQuery {
    package static let limits = 1...500
    /// How many objects a page has where `limit` is not given.
    package static let defaultLimit = 100

    package static let parameters: [QueryParameter] = [
        .number("limit", in: limits), .optional("cursor"), .optional("fields"),
    ]
}
