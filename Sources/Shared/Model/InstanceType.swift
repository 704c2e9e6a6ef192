/// A size of VM that may be asked for (a flavor).
package struct InstanceType: Hashable, Sendable {
    /// Its number, from 1.
    package let id: TypeID
    /// What a VM of this type needs.
    package let needs: Resources

    package init(id: TypeID, needs: Resources) {
        self.id = id
        self.needs = needs
    }
}

/// One entry of the flavor file: a size, and the number that it is to have.
package struct TypeListing: Hashable, Sendable {
    /// What a VM of this type needs.
    package let needs: Resources
    /// The number that the file gives it (`tid`); nil where it takes the next free one.
    package let number: TypeID?

    package init(needs: Resources, number: TypeID? = nil) {
        self.needs = needs
        self.number = number
    }
}
