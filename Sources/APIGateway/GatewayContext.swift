import Hummingbird
import Logging
import NIOCore

/// The context of a request on its way through the middleware to its handler.
struct GatewayContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The id of the request in the log, in the job and in the answer.
    var requestID: String
    /// The connection on which the request came.
    let connection: ChannelPipeline

    /// The template of the call's path; nil where no call took the request.
    var route: String? {
        // The router says this where it found none.
        coreContext.endpointPath.value.flatMap { $0 == "NotFound" ? nil : $0 }
    }

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        requestID = ""
        connection = source.channel.pipeline
    }
}
