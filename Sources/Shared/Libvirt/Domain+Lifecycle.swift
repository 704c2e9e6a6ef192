import CLibvirt

extension Domain {
    /// Starts it (`virDomainCreateWithFlags`).
    ///
    /// `virDomainCreate` would be two calls: it asks for the domain's new number as well.
    ///
    /// - Throws: `LibvirtError`, of kind `operationInvalid` where it runs.
    package func start() throws(LibvirtError) {
        try unsafe checked(withPointer { unsafe virDomainCreateWithFlags($0, 0) }, "virDomainCreateWithFlags")
    }

    /// Lets a paused domain go on (`virDomainResume`).
    ///
    /// - Throws: `LibvirtError`, of kind `operationInvalid` where it does not run.
    package func resume() throws(LibvirtError) {
        try unsafe checked(withPointer { unsafe virDomainResume($0) }, "virDomainResume")
    }

    /// Wakes a guest that its own power management suspended (`virDomainPMWakeup`).
    ///
    /// - Throws: `LibvirtError`, of kind `operationInvalid` where it is not suspended.
    package func wakeUp() throws(LibvirtError) {
        try unsafe checked(withPointer { unsafe virDomainPMWakeup($0, 0) }, "virDomainPMWakeup")
    }

    /// Pauses it (`virDomainSuspend`).
    ///
    /// - Throws: `LibvirtError`, of kind `operationInvalid` where it does not run.
    package func suspend() throws(LibvirtError) {
        try unsafe checked(withPointer { unsafe virDomainSuspend($0) }, "virDomainSuspend")
    }

    /// Asks the guest to shut down and does not wait for it (`virDomainShutdown`).
    ///
    /// - Throws: `LibvirtError`, of kind `operationInvalid` where it does not run.
    package func shutDown() throws(LibvirtError) {
        try unsafe checked(withPointer { unsafe virDomainShutdown($0) }, "virDomainShutdown")
    }

    /// Ends it at once, as pulling the plug does (`virDomainDestroy`).
    ///
    /// - Throws: `LibvirtError`, of kind `operationInvalid` where it does not run.
    package func destroy() throws(LibvirtError) {
        try unsafe checked(withPointer { unsafe virDomainDestroy($0) }, "virDomainDestroy")
    }

    /// What goes with a domain's definition (`virDomainUndefineFlagsValues`).
    package struct UndefineOptions: OptionSet, Hashable, Sendable {
        /// The flags as libvirt has them.
        package let rawValue: UInt32

        package init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        /// The saved memory of a managed save.
        package static let managedSave = Self(rawValue: VIR_DOMAIN_UNDEFINE_MANAGED_SAVE.rawValue)
        /// The records of snapshots.
        package static let snapshotRecords = Self(rawValue: VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA.rawValue)
        /// The firmware's variables.
        package static let firmwareVariables = Self(rawValue: VIR_DOMAIN_UNDEFINE_NVRAM.rawValue)
        /// The records of checkpoints.
        package static let checkpointRecords = Self(rawValue: VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA.rawValue)
        /// All of these.
        package static let everything: Self = [
            .managedSave, .snapshotRecords, .firmwareVariables, .checkpointRecords,
        ]
    }

    /// Removes its definition (`virDomainUndefineFlags`); one that runs becomes transient.
    ///
    /// - Parameter options: what goes with it.
    /// - Throws: `LibvirtError`, of kind `invalidArgument` or `unsupported` for options that the driver does not take.
    package func undefine(_ options: UndefineOptions = []) throws(LibvirtError) {
        try unsafe checked(
            withPointer { unsafe virDomainUndefineFlags($0, options.rawValue) },
            "virDomainUndefineFlags"
        )
    }
}
