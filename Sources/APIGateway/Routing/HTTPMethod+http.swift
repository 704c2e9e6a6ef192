import API
import HTTPTypes

extension HTTPMethod {
    /// The method as Hummingbird has it.
    var http: HTTPRequest.Method {
        switch self {
        case .get: .get
        case .post: .post
        case .put: .put
        case .patch: .patch
        case .delete: .delete
        }
    }
}
