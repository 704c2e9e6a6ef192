import API
import HTTPTypes
import Hummingbird
import NIOCore
import Telemetry

/// `/metrics`: all metrics, as Prometheus reads them.
struct MetricsController: Sendable {
    let registry: MetricsRegistry
    let installation: InstallationMetrics

    @Sendable
    func read(_ request: Request, _ context: GatewayContext) async -> Response {
        var text = PrometheusText(MetricFamily.all)
        text.add(registry.snapshot())
        for part in await installation.parts() { text.add(part.snapshot, from: part.origin) }
        return Response(
            status: .ok,
            headers: [.contentType: PrometheusText.mediaType],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text.text))
        )
    }
}
