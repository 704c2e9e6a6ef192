/// A size of VM that may be asked for (a flavor).
public struct InstanceType: Hashable, Sendable {
    /// Its number, from 1 in the order of the flavor file.
    public let id: TypeID
    /// What a VM of this type needs.
    public let needs: Resources

    /// Makes a type.
    ///
    /// - Parameters:
    ///   - id: its number.
    ///   - needs: what a VM of it needs.
    public init(id: TypeID, needs: Resources) {
        self.id = id
        self.needs = needs
    }
}
