import Model

/// The images of which a machine has a copy, as far as they are among the first 64: a bit each.
struct ImageSet: Sendable {
    private var bits: UInt64 = 0

    /// The set of some images.
    init(_ images: some Sequence<ImageID>) {
        for image in images where Self.holds(image) { bits |= Self.bit(of: image) }
    }

    /// Whether sets can hold the image; images are numbered from 100 on.
    static func holds(_ image: ImageID) -> Bool { (100..<164).contains(image.value) }

    /// Whether the image, which sets can hold, is in this one.
    func contains(_ image: ImageID) -> Bool { bits & Self.bit(of: image) != 0 }

    private static func bit(of image: ImageID) -> UInt64 { 1 << UInt64(truncatingIfNeeded: image.value - 100) }
}
