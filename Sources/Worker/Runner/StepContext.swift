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
    private let knownImage = NIOLockedValueBox<ImageFile?>(nil)

    init(status: VMStatus, hypervisor: any Hypervisor, store: any JobStore) {
        self.status = status
        self.hypervisor = hypervisor
        self.store = store
    }

    /// The VM.
    var vm: VirtualMachine { status.vm }

    /// The VM's image as the catalog has it, read once in an attempt: a PM that holds it already needs no file on this
    /// worker.
    func image() async throws(Failure) -> ImageFile {
        if let known = knownImage.withLockedValue({ $0 }) { return known }
        guard let registration = try await store.imageRegistration(vm.image) else {
            throw Failure(.unknownImage, "image \(vm.image) is no longer known: put it back into the image_file")
        }
        let facts = try registration.usable(as: vm.image)
        let image = ImageFile(Image(id: vm.image, name: registration.name, path: registration.path), facts)
        knownImage.withLockedValue { $0 = image }
        return image
    }
}
