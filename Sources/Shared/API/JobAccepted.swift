package import Model

/// The answer to a request whose job goes on.
package struct JobAccepted: Codable, Hashable, Sendable {
    package let job: JobResponse
    /// What the job is about; missing where it is no more, or cannot be read now.
    package let vm: VMResponse?

    package init(job: JobResponse, vm: VMResponse?) { (self.job, self.vm) = (job, vm) }
}

/// A VM or a hold that is no more.
package struct VMGone: Codable, Hashable, Sendable {
    package enum State: String, Codable, CaseIterable, Hashable, Sendable {
        case gone
    }

    package let id: VMID
    package let state: State
    /// The job that ended it, or that made it before something else ended it.
    package let jobID: JobID?
    /// Of a destroy: the files that its VM used and that stay on the PM.
    package let left: [String]?
    /// Whether it has come as far as the caller waited for; only in the answer to a wait.
    package var reached: Bool?
    package var wait: VMWait?

    private enum CodingKeys: String, CodingKey {
        case id, state, left, reached, wait
        case jobID = "job_id"
    }

    package init(id: VMID, jobID: JobID?, left: [String]? = nil) {
        (self.id, state, self.jobID, self.left) = (id, .gone, jobID, left)
    }
}
