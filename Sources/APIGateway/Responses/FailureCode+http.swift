import API
import HTTPTypes
import Model

extension FailureCode {
    /// The status with its phrase, which clients of HTTP/1.1 show.
    var httpStatus: HTTPResponse.Status { Self.statuses[status] ?? HTTPResponse.Status(code: status) }

    private static let statuses: [Int: HTTPResponse.Status] = {
        let statuses: [HTTPResponse.Status] = [
            .badRequest, .unauthorized, .forbidden, .notFound, .methodNotAllowed, .requestTimeout, .conflict, .gone,
            .preconditionFailed,
            .contentTooLarge, .rangeNotSatisfiable, .misdirectedRequest, .unprocessableContent, .tooManyRequests,
            .internalServerError,
            .notImplemented,
            .badGateway, .serviceUnavailable, .gatewayTimeout,
            HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"),
        ]
        return Dictionary(statuses.map { ($0.code, $0) }) { first, _ in first }
    }()
}
