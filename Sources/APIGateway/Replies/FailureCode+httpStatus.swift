import HTTPTypes
import Model

extension FailureCode {
    /// The HTTP status that says this; the one place where codes become statuses.
    var httpStatus: HTTPResponse.Status {
        switch self {
        case .invalidRequest: .badRequest
        case .unauthorized: .unauthorized
        case .unknownCall, .unknownVM, .unknownPM, .unknownType, .unknownImage, .unknownHold, .unknownJob: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .alreadyDestroying, .noCapacity, .noMatch, .groupConflict: .conflict
        case .requestTooLarge: .contentTooLarge
        case .requestTimeout: .requestTimeout
        case .misdirected: .misdirectedRequest
        case .imageUnusable, .imageTooLarge: .unprocessableContent
        case .leaseLost, .gaveUp, .malformedEntry, .malformedRecord, .internalFault: .internalServerError
        case .machineUnreachable, .hypervisor: .badGateway
        case .noMachine, .notReady, .imageFetching, .machineClosed, .networkUnavailable: .serviceUnavailable
        case .storeUnavailable, .overloaded: .serviceUnavailable
        case .noWorker, .tooManyWaiting: .serviceUnavailable
        case .deadline, .outcomeUnknown: .gatewayTimeout
        case .crossSite: .forbidden
        case .notSupported: .notImplemented
        case .storageFull: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
        }
    }
}
