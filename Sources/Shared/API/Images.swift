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
    /// As whom people log in to its guests; missing where the image_file does not say.
    package let loginUser: String?
    /// Where it is defined: `file`, the image_file.
    package let source: String

    private enum CodingKeys: String, CodingKey {
        case id, name, state, reason, format, source
        case fileBytes = "file_bytes"
        case diskBytes = "disk_bytes"
        case loginUser = "login_user"
    }

    package init(
        id: ImageID,
        name: String,
        state: String,
        reason: String?,
        format: ImageFormat?,
        fileBytes: Int?,
        diskBytes: Int?,
        loginUser: String?
    ) {
        (self.id, self.name, self.state, self.reason) = (id, name, state, reason)
        (self.format, self.fileBytes, self.diskBytes) = (format?.rawValue, fileBytes, diskBytes)
        self.loginUser = loginUser
        source = "file"
    }
}
