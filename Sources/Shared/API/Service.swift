/// The calls for those who run the gateway or write clients.
extension Endpoints {
    package static let readHealth = Endpoint<NoBody, HealthResponse>(
        service: "readHealth",
        "/healthz",
        needsToken: false,
        "Says whether the gateway is alive."
    )
    package static let readReadiness = Endpoint<NoBody, HealthResponse>(
        service: "readReadiness",
        "/readyz",
        statuses: [200, 503],
        needsToken: false,
        "Says whether what is accepted is kept and done."
    )
    package static let readMetrics = Endpoint<NoBody, String>(
        service: "readMetrics",
        "/metrics",
        mediaType: "text/plain",
        "Tells what is counted and measured, as Prometheus reads it."
    )
    package static let readOpenAPI = Endpoint<NoBody, JSONValue>(
        service: "readOpenAPI",
        "/openapi.json",
        needsToken: false,
        "Describes all calls (OpenAPI 3.1)."
    )

    static let service = [
        readHealth.description, readReadiness.description, readMetrics.description, readOpenAPI.description,
    ]
}

/// Whether the gateway lives, or is ready.
package struct HealthResponse: Codable, Hashable, Sendable {
    package let status: String

    package init(status: String) { self.status = status }
}
