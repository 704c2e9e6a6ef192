import Hummingbird
import Logging
import NIOCore
import Telemetry

/// The context of a request on its way through the middleware to its handler.
struct GatewayContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The id of the request in the log, in the job and in the answer.
    var requestID: String
    /// Where the request stands in a trace of its caller; nil where it did not say.
    var trace: TraceContext?
    /// Who makes the call; nil for a path that anybody may call.
    var caller: Caller?
    /// The connection on which the request came.
    let connection: ChannelPipeline
    /// What is to be awaited for the answer.
    let remainingWait = RemainingWait()

    /// The template of the call's path; nil where no call took the request.
    var route: String? {
        // The router says this where it found none.
        coreContext.endpointPath.value.flatMap { $0 == "NotFound" ? nil : $0 }
    }

    /// The object that the path names, as the log has it.
    var subject: [(String, String)] {
        guard let id = parameters.get("id"), let route else { return [] }
        let names = [("/v1/vms/", "vm"), ("/v1/holds/", "vm"), ("/v1/pms/", "pm"), ("/v1/jobs/", "job")]
        return names.first { route.hasPrefix($0.0) }.map { [($0.1, id)] } ?? []
    }

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        requestID = ""
        connection = source.channel.pipeline
    }
}
