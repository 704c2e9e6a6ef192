package import Model

extension Failure {
    init(groupConflict group: String, rule: String) {
        self.init(.groupConflict, "the group \(group) has the rule \(rule) as long as it has VMs: use that")
    }

    static let whyNoHold = "it waits for its claim still, was built or released, or is over"

    /// There is no such hold.
    ///
    /// - Parameter hold: the hold.
    /// - Returns: the failure.
    package static func unknownHold(_ hold: VMID) -> Failure {
        Failure(.unknownHold, "there is no hold \(hold): \(whyNoHold)")
    }

    /// There is no such type.
    static func unknownType(_ type: String) -> Failure {
        Failure(.unknownType, "there is no type \(type): /vm/types lists them")
    }

    /// There is no such image.
    ///
    /// - Parameter image: the image.
    /// - Returns: the failure.
    package static func unknownImage(_ image: ImageID) -> Failure {
        Failure(.unknownImage, "there is no image \(image): /image/list lists them")
    }

    /// Redis was empty, and the machines are not all probed yet.
    package static let notReady = Failure(
        .notReady,
        "the machines are being probed, since Redis was empty: try again in a moment; if it stays so, see that workers run"
    )
}
