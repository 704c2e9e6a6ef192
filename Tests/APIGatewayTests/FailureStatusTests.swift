import API
import HTTPTypes
import Model
import Testing

@testable import APIGateway

@Suite("The status of a failure")
struct FailureStatusTests {
    @Test("It is one of an error, and has its phrase", arguments: FailureCode.allCases)
    func phrase(code: FailureCode) {
        let status = code.httpStatus
        #expect(status.code == code.status && (400..<600).contains(status.code))
        #expect(!status.reasonPhrase.isEmpty)
    }
}
