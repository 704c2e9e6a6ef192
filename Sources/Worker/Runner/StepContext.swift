import Model
import NIOConcurrencyHelpers
import Store

/// What the actions of a job's steps work on.
struct StepContext: Sendable {
    /// The VM as its record was when the attempt began.
    let status: VMStatus
    /// The driver of its PM.
    let hypervisor: any Hypervisor
    private let store: any JobStore
    private let knownImage: NIOLockedValueBox<Result<ImageFile, Failure>?>

    /// A context; `image` is what is registered of the VM's image, where that was read already.
    init(status: VMStatus, image: ImageRegistration?, hypervisor: any Hypervisor, store: any JobStore) {
        self.status = status
        self.hypervisor = hypervisor
        self.store = store
        let id = status.vm.image
        knownImage = NIOLockedValueBox(
            image.map { registration in Result { () throws(Failure) in try registration.file(of: id) } }
        )
    }

    /// The VM.
    var vm: VirtualMachine { status.vm }

    /// Reads the VM's image, or why it cannot be used, for what asks for it next; what was read once in an attempt stays.
    func readImage() async {
        if case .success = knownImage.withLockedValue({ $0 }) { return }
        let result: Result<ImageFile, Failure>
        do throws(Failure) { result = .success(try await registeredImage()) } catch { result = .failure(error) }
        knownImage.withLockedValue { $0 = result }
    }

    /// What the VM's seed disk is made of; nil where it is to have none.
    func seed() async throws(Failure) -> GuestSeed? { try await store.seed(of: vm) }

    /// Writes an address that is kept for the VM, so that it is known before the guest boots.
    func note(_ address: GuestAddress) async throws(Failure) {
        guard let pm = status.pm else { return }
        let finding = AddressFinding(vm: vm.id, uuid: vm.uuid, addresses: [address], reason: nil)
        _ = try await store.note([finding], on: pm)
    }

    /// The VM's image as the catalog has it: a PM that holds it already needs no file on this worker.
    func image() async throws(Failure) -> ImageFile {
        if let known = knownImage.withLockedValue({ $0 }) { return try known.get() }
        return try await registeredImage()
    }

    private func registeredImage() async throws(Failure) -> ImageFile {
        guard let registration = try await store.imageRegistration(vm.image) else {
            throw Failure(.unknownImage, "image \(vm.image) is no longer known: put it back into the image_file")
        }
        return try registration.file(of: vm.image)
    }
}

extension ImageRegistration {
    /// The file, or why it cannot be used.
    fileprivate func file(of id: ImageID) throws(Failure) -> ImageFile {
        let facts = try usable(as: id)
        return ImageFile(Image(id: id, name: name, path: path), facts)
    }
}
