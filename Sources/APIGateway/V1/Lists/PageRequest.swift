import API
import Model
import Store

/// Which page of a list is asked for.
struct PageRequest: Sendable {
    let limit: Int
    /// What the last object of the page before is ordered by; nil for the first page.
    let position: String?

    /// The number of the last object of the page before; nil for the first page.
    func identifier<Entity>() throws(Failure) -> Identifier<Entity>? {
        guard let position else { return nil }
        guard let identifier = Identifier<Entity>(position) else { throw .unknownCursor }
        return identifier
    }
}

extension V1Call {
    /// The page that is asked for.
    func page() throws(Failure) -> PageRequest {
        let limit = try query.number("limit", in: ListQuery.limits) ?? ListQuery.defaultLimit
        guard let text = query["cursor"] else { return PageRequest(limit: limit, position: nil) }
        guard let cursor = ListCursor(text), cursor.list == endpoint.name else { throw .unknownCursor }
        return PageRequest(limit: limit, position: cursor.position)
    }
}

extension V1Response {
    /// A page of a list.
    ///
    /// - Parameters:
    ///   - page: the page as it was read.
    ///   - call: the call of the list.
    ///   - item: what is shown of a record.
    /// - Throws: `Failure` where the page cannot be written as JSON.
    init<Record, Item>(
        _ page: RecordPage<Record>,
        of call: V1Call<NoBody>,
        _ item: (Record) -> Item
    ) throws(Failure) where Object == Page<Item> {
        let next = page.next.map { ListCursor(list: call.endpoint.name, position: $0) }
        let answer = Page(items: page.records.map(item), next: next, events: page.events)
        guard let fields = try FieldSelection(call.query, of: Schema(of: Item.self)) else {
            try self.init(answer)
            return
        }
        try self.init(json: fields.applied(toPage: try JSONBody.value(answer)))
    }
}

extension Failure {
    fileprivate static let unknownCursor = Failure(
        .invalidRequest,
        "the cursor is none of this list: give one that the list has answered as next_cursor, or begin without one"
    )
}
