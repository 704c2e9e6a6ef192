/// The number by which a PM, a VM, a type, an image or a job is known.
///
/// Numbers are positive and never reused. `Entity` keeps the number of one kind from being taken for another's.
package struct Identifier<Entity>: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The number itself, 1 or more.
    package let value: Int

    /// Takes a positive number; nil for any other.
    package init?(_ value: Int) {
        guard value > 0 else { return nil }
        self.value = value
    }

    fileprivate init<Other>(of other: Identifier<Other>) { value = other.value }

    /// Reads plain decimal digits: no sign, no space, nothing but `0`-`9`, a value from 1 to 2^53.
    ///
    /// The upper bound is that of JSON numbers and of Redis' Lua, which both count in doubles.
    package init?(_ text: some StringProtocol) {
        let digits = text.utf8
        guard !digits.isEmpty, digits.count <= 16, digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let value = Int(text), value <= 1 << 53
        else { return nil }
        self.init(value)
    }

    /// The highest number that is taken from a domain's metadata.
    ///
    /// Adoption raises the counters to the numbers that it finds. Far below 2^53, where counting ends, so that a number
    /// that somebody has written there cannot end it; far above what an installation comes to by itself.
    package static var highestAdopted: Int { 1 << 40 }

    /// True where the number may be taken from a domain's metadata.
    package var isAdoptable: Bool { value <= Self.highestAdopted }

    /// The number in decimal.
    package var description: String { String(value) }

    /// Orders by number, which is the order of first appearance.
    package static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

extension Identifier: Codable {
    /// Reads a JSON number.
    ///
    /// - Throws: `DecodingError` where it is not a positive whole number.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let identifier = Self(try container.decode(Int.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "an identifier is 1 or more")
        }
        self = identifier
    }

    /// Writes a JSON number.
    ///
    /// - Throws: what the encoder throws.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}

/// The number of a physical machine, from 1.
package typealias PMID = Identifier<PhysicalMachine>
/// The number of a virtual machine, from 1.
package typealias VMID = Identifier<VirtualMachine>
/// The number of an instance type, from 1.
package typealias TypeID = Identifier<InstanceType>
/// The number of an image, from 100.
package typealias ImageID = Identifier<Image>
/// The number of a job, from 1.
package typealias JobID = Identifier<Job>
/// The number of a batch, which is that of its first job.
package typealias BatchID = Identifier<Batch>

extension Identifier where Entity == Batch {
    /// The number of the batch whose first job this is.
    package init(ofFirst job: JobID) { self.init(of: job) }
}
