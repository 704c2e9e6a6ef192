/// How a VM gets its address.
package enum AddressChoice: String, Codable, CaseIterable, Hashable, Sendable {
    /// Its network keeps one for it, which is known before its guest boots.
    case reserve
}

extension AddressChoice: SchemaDescribed {
    package static var schema: Schema { .string(oneOf: allCases.map(\.rawValue)) }
    package static var sample: Self? { .reserve }
}
