package import Model

/// Who asks for a change, for the audit log.
package struct RequestAuthor: Hashable, Sendable {
    /// That of the request under way in this task; nil for what no request of the API asks for.
    @TaskLocal package static var current: RequestAuthor?

    /// Nil for whoever has no token of `/v1/tokens`.
    package let token: TokenID?
    package let name: String
    /// The only project that it may change; nil for all.
    package let project: ProjectName?
    /// The call, such as `POST /v1/vms`.
    package let route: String
    /// The id of the HTTP request.
    package let request: String

    package init(token: TokenID?, name: String, project: ProjectName?, route: String, request: String) {
        (self.token, self.name, self.project, self.route, self.request) = (token, name, project, route, request)
    }

    /// As the scripts take it; no part but the last may have a line feed, and none has.
    var text: String {
        [token?.description ?? "", project?.description ?? "", route, request, name].joined(separator: "\n")
    }
}
