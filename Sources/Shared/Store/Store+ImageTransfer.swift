package import Model

extension Store {
    /// Takes the right to bring an image to a PM (script `hold_lock`), or keeps it.
    ///
    /// - Parameters:
    ///   - image: the image.
    ///   - pm: the PM.
    ///   - holder: who asks; the same holder may ask again to keep the right.
    ///   - duration: how long the right lasts.
    /// - Returns: true where the right is the holder's.
    /// - Throws: `Failure`.
    package func holdTransfer(
        of image: ImageID,
        to pm: PMID,
        holder: String,
        for duration: Duration
    ) async throws(Failure) -> Bool {
        try await hold(lock: Self.transfer(of: image, to: pm), holder: holder, for: duration)
    }

    /// Gives the right back, where it is the holder's.
    ///
    /// - Parameters:
    ///   - image: the image.
    ///   - pm: the PM.
    ///   - holder: who held it.
    /// - Throws: `Failure`.
    package func releaseTransfer(of image: ImageID, to pm: PMID, holder: String) async throws(Failure) {
        try await release(lock: Self.transfer(of: image, to: pm), holder: holder)
    }

    /// The key without the prefix.
    private static func transfer(of image: ImageID, to pm: PMID) -> String { "transfer:\(pm):\(image)" }
}
