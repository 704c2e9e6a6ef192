/// A size of VM that may be asked for (a flavor).
public struct InstanceType: Hashable, Sendable {
    /// Its number, from 1.
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

/// One entry of the flavor file: a size, and the number that it is to have.
public struct TypeListing: Hashable, Sendable {
    /// What a VM of this type needs.
    public let needs: Resources
    /// The number that the file gives it (`tid`); nil where it takes the next free one.
    public let number: TypeID?

    /// Makes a listing.
    ///
    /// - Parameters:
    ///   - needs: what a VM of this type needs.
    ///   - number: the number that it is to have.
    public init(needs: Resources, number: TypeID? = nil) {
        self.needs = needs
        self.number = number
    }
}
