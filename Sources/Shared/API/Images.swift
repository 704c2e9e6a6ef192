package import Model

extension Endpoints {
    package static let listImages = Endpoint<NoBody, Page<ImageResponse>>(
        list: "listImages",
        "/v1/images",
        scope: .project,
        "Lists the images, by number."
    )
    package static let readImage = Endpoint<NoBody, ImageResponse>(
        v1: "readImage",
        .get,
        "/v1/images/{id}",
        scope: .project,
        "Shows an image."
    )

    static let images = [listImages.description, readImage.description]
}

/// An image.
package struct ImageResponse: Codable, Hashable, Sendable {
    package let id: ImageID
    package let name: String
    /// `ready`, `fetching` or `unusable`.
    package let state: String
    /// Why it cannot be used now; missing where it can.
    package let reason: String?
    package let format: String?
    package let fileBytes: Int?
    package let diskBytes: Int?
    /// Where it is defined: `file`, the image_file.
    package let source: String

    private enum CodingKeys: String, CodingKey {
        case id, name, state, reason, format, source
        case fileBytes = "file_bytes"
        case diskBytes = "disk_bytes"
    }

    package init(
        id: ImageID,
        name: String,
        state: String,
        reason: String?,
        format: ImageFormat?,
        fileBytes: Int?,
        diskBytes: Int?
    ) {
        (self.id, self.name, self.state, self.reason) = (id, name, state, reason)
        (self.format, self.fileBytes, self.diskBytes) = (format?.rawValue, fileBytes, diskBytes)
        source = "file"
    }
}
