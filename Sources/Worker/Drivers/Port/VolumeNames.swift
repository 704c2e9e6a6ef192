import Model
import Store

extension VirtualMachine {
    /// The name of the volume that is its disk.
    var diskName: String { "\(domainName).qcow2" }

    /// The name of the volume that is its seed disk.
    var seedName: String { "\(domainName)-seed.iso" }

    /// The size of its disk in bytes.
    var diskBytes: Int64 { Int64(needs.disk) << 30 }
}

extension ImageFile {
    /// The name of the volume that holds it; other content has another name.
    var volumeName: String { "hvc-image-\(image.id)-\(fingerprint).\(format.rawValue)" }

    /// The name of the empty volume that says that the copy is whole.
    var markerName: String { volumeName + ".ready" }

    /// Checks that the image is no larger than the VM's disk.
    ///
    /// - Throws: `Failure` with the code `imageTooLarge`.
    func checkFits(_ vm: VirtualMachine) throws(Failure) {
        try image.checkFits(virtualSize, type: vm.type, disk: vm.needs.disk)
    }
}
