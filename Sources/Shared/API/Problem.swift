package import Model

/// A failure as a problem document (RFC 9457), with its stable code.
package struct Problem: Codable, Hashable, Sendable {
    package let type: String
    package let title: String
    package let status: Int
    package let detail: String
    /// A `FailureCode`; as text, since a newer gateway may have codes that this client does not know.
    package let code: String
    package let cause: String?
    /// What to do next.
    package let fix: String
    /// What is wrong with the request's body; missing where it is not the body that is wrong.
    package let errors: [Fault]?
    /// The quota that was exceeded; missing where none was.
    package let quota: QuotaExcess?
    package let jobID: JobID?
    package let requestID: String

    /// What is wrong at one place of a request's body.
    package struct Fault: Codable, Hashable, Sendable {
        /// The place (RFC 6901); empty for the whole body.
        package let pointer: String
        package let detail: String
    }

    private enum CodingKeys: String, CodingKey {
        case type, title, status, detail, code, cause, fix, errors, quota
        case jobID = "job_id"
        case requestID = "request_id"
    }

    /// A problem document.
    ///
    /// - Parameters:
    ///   - failure: what failed.
    ///   - job: the job that failed; nil where none was accepted.
    ///   - request: names the request.
    package init(_ failure: Failure, job: JobID? = nil, request: String) {
        let words = failure.code.rawValue.replacing("_", with: " ")
        type = "urn:hypervisor-coordinator:problem:\(failure.code.rawValue)"
        title = words.prefix(1).uppercased() + words.dropFirst()
        status = failure.code.status
        detail = failure.message
        code = failure.code.rawValue
        cause = failure.publicCause.flatMap { $0.isEmpty ? nil : $0 }
        fix = failure.code.fix
        errors = failure.pointer.map { [Fault(pointer: $0, detail: failure.message)] }
        quota = failure.quota
        jobID = job
        requestID = request
    }

    /// The document as text; written by hand, since the answer to whatever fails must not fail itself.
    package var json: String {
        var members = [
            "type": JSONText.quoted(type), "title": JSONText.quoted(title), "status": "\(status)",
            "detail": JSONText.quoted(detail), "code": JSONText.quoted(code), "fix": JSONText.quoted(fix),
            "request_id": JSONText.quoted(requestID),
        ]
        members["cause"] = cause.map(JSONText.quoted)
        members["job_id"] = jobID?.description
        members["errors"] = errors.map { faults in
            let texts = faults.map { fault in
                JSONText.object(["pointer": fault.pointer, "detail": fault.detail], JSONText.quoted)
            }
            return "[" + texts.joined(separator: ",") + "]"
        }
        members["quota"] = quota.map { quota in
            JSONText.object([
                "resource": JSONText.quoted(quota.resource), "limit": "\(quota.limit)", "used": "\(quota.used)",
                "asked": "\(quota.asked)",
            ]) { $0 }
        }
        return JSONText.object(members) { $0 }
    }
}

extension Failure {
    /// The cause for callers: what the Redis client says contains its address, path and user, which are for the log alone.
    package var publicCause: String? {
        code == .storeUnavailable || code == .outcomeUnknown ? nil : cause
    }
}
