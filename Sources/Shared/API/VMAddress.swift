package import Model

/// An address of a VM's guest.
package struct VMAddress: Codable, Hashable, Sendable {
    package let address: String
    /// Who says that the guest has it.
    package let source: GuestAddress.Source
    package let scope: GuestAddress.Scope
    /// The PM by which it is reached, where it is not from elsewhere.
    package let via: PMID?
    /// Of the network card that has it.
    package let mac: String
    /// Since when it is known.
    package let at: String?

    package init(_ known: GuestAddress, on pm: PMID?) {
        address = known.address.canonical
        source = known.source
        scope = known.scope
        via = known.scope == .pm ? pm : nil
        mac = known.mac.description
        at = known.since
    }
}

extension GuestAddress.Source: SchemaDescribed {
    package static var schema: Schema { .string(oneOf: allCases.map(\.rawValue)) }
    package static var sample: Self? { .lease }
}

extension GuestAddress.Scope: SchemaDescribed {
    package static var schema: Schema { .string(oneOf: allCases.map(\.rawValue)) }
    package static var sample: Self? { .pm }
}
