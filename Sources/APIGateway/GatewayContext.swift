import Hummingbird
import Logging
import NIOCore

/// What goes with a request through the middleware and to its handler.
struct GatewayContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Names the request in the log, in the job and in the answer.
    var requestID: String
    /// The connection on which the request came.
    let connection: ChannelPipeline

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        requestID = ""
        connection = source.channel.pipeline
    }
}
