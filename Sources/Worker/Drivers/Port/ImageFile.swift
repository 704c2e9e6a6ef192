import Model

/// An image's file on this worker, as it was found when it was last inspected.
struct ImageFile: Hashable, Sendable {
    /// The image it is.
    let image: Image
    /// What its first bytes say.
    let format: ImageFormat
    /// The file's length in bytes.
    let fileSize: Int64
    /// The disk's size as the guest sees it, in bytes.
    let virtualSize: Int64
    /// Distinguishes contents: changes when the file does.
    ///
    /// Lower-case letters, digits and dashes.
    let fingerprint: String
}
