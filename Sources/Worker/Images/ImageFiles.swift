import Model

/// An image's file on this worker, which stays while this lives.
struct LocalImage: Sendable {
    let path: String
    /// What keeps the file there; nil for one that is not ours to delete.
    var copy: CachedImage?
}

/// Where a worker has the files of images.
protocol ImageFiles: Sendable {
    /// The file of an image.
    ///
    /// - Throws: `Failure` with `imageFetching` where it is on its way here, `imageUnusable` where it cannot be had.
    func file(of image: ImageFile) async throws(Failure) -> LocalImage
}

/// The files at the paths that the image_file lists.
struct ListedImageFiles: ImageFiles {
    func file(of image: ImageFile) async throws(Failure) -> LocalImage { LocalImage(path: image.image.path) }
}
