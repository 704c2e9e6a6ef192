package import Model
import RedisClient

extension Store {
    /// Takes the right to bring an image to a PM (SET NX PX), or keeps it.
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
        try await run(
            .holdTransfer,
            ["pm": pm.value, "image": image.value, "holder": holder, "duration_ms": duration.milliseconds]
        )
    }

    /// Gives the right back, where it is the holder's.
    ///
    /// - Parameters:
    ///   - image: the image.
    ///   - pm: the PM.
    ///   - holder: who held it.
    /// - Throws: `Failure`.
    package func releaseTransfer(of image: ImageID, to pm: PMID, holder: String) async throws(Failure) {
        let _: Bool = try await run(.releaseTransfer, ["pm": pm.value, "image": image.value, "holder": holder])
    }
}
