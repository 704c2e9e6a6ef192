/// A hash whose fields stay in their order of entry, as in Redis' compact form.
final class HashValue {
    private(set) var fields: [Bytes] = []
    private(set) var values: [Bytes] = []
    /// Where each field is; only for a hash of many, since few are found faster by looking through them.
    private var index: [Bytes: Int]?

    private static let fewFields = 16

    var count: Int { fields.count }

    subscript(field: Bytes) -> Bytes? { position(of: field).map { values[$0] } }

    /// Returns true where the field is new.
    func set(_ field: Bytes, _ value: Bytes) -> Bool {
        if let position = position(of: field) {
            values[position] = value
            return false
        }
        fields.append(field)
        values.append(value)
        index?[field] = fields.count - 1
        return true
    }

    func remove(_ field: Bytes) -> Bool {
        guard let position = position(of: field) else { return false }
        fields.remove(at: position)
        values.remove(at: position)
        index = nil
        return true
    }

    private func position(of field: Bytes) -> Int? {
        guard fields.count > Self.fewFields else { return fields.firstIndex(of: field) }
        let index = self.index ?? Dictionary(uniqueKeysWithValues: zip(fields, fields.indices))
        self.index = index
        return index[field]
    }
}
