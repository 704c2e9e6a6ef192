package import Model

/// A body of any bytes, of whatever type.
package struct BytesBody: APIRequest, Hashable {
    package var bytes: [UInt8]

    package init(_ bytes: [UInt8] = []) { self.bytes = bytes }

    package func validate() throws(Failure) {
        guard bytes.isEmpty else { return }
        throw Failure(.invalidRequest, "the body is empty: send the bytes that are to be written", pointer: "")
    }
}

extension BytesBody: SchemaDescribed {
    package static var schema: Schema { .string() }
    package static var sample: Self? { Self() }
}

extension EndpointDescription {
    /// Whether its body is bytes and no JSON.
    package var takesBytes: Bool { body == BytesBody.self }
}
