import Model

/// The storage pool of a PM: copies of images, and the disks of VMs over them.
protocol StorageDriver: Sendable {
    /// Brings the image to the PM's pool unless it is there whole.
    func ensureImage(_ image: ImageFile) async throws(Failure)

    /// Makes the VM's disk over the image, as large as its type says, unless it is there.
    func ensureDisk(of vm: VirtualMachine, over image: ImageFile) async throws(Failure)

    /// Makes the disk from which the VM's guest reads what it is given, unless the VM's domain is there, and with it the disk.
    ///
    /// - Parameters:
    ///   - content: the disk, byte for byte.
    ///   - vm: the VM.
    /// - Throws: `Failure`.
    func ensureSeed(_ content: [UInt8], of vm: VirtualMachine) async throws(Failure)

    /// Deletes a VM's disk that belongs to nobody, unless a domain names it or it was written to lately.
    ///
    /// - Parameters:
    ///   - name: the volume's name.
    ///   - age: how long ago it must have been written to.
    /// - Returns: false where it stays.
    /// - Throws: `Failure`.
    func removeDisk(named name: String, olderThan age: Duration) async throws(Failure) -> Bool
}
