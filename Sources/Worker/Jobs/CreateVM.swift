import Logging
import Model
import Store

/// Builds a VM on its PM and starts it: image, disk, domain, start.
///
/// Each step is safe to repeat.
struct CreateVM: Sendable {
    let vm: VirtualMachine
    let hypervisor: any Hypervisor
    let store: Store
    let logger: Logger

    /// Runs the steps; where one fails, what the others made is taken away again.
    func run() async throws(Failure) {
        do throws(Failure) {
            let image = try await imageFile()
            try await hypervisor.ensureImage(image)
            try await hypervisor.ensureDisk(of: vm, over: image)
            try await hypervisor.ensureDefined(vm, over: image)
            try await hypervisor.ensureRunning(vm)
        } catch {
            // A job that was stopped goes on elsewhere with what is there.
            if !Task.isCancelled { await undo(after: error) }
            throw error
        }
    }

    /// The image as the catalog has it: a PM that holds it already needs no file on this worker.
    private func imageFile() async throws(Failure) -> ImageFile {
        guard let registration = try await store.imageRegistration(vm.image) else {
            throw Failure(.unknownImage, "image \(vm.image) is no longer known: put it back into the image_file")
        }
        guard let facts = registration.facts else {
            throw Failure(
                .imageUnusable,
                "image \(vm.image) ('\(registration.name)') cannot be used: mend it and send the workers SIGHUP",
                cause: registration.reason
            )
        }
        return ImageFile(
            image: Image(id: vm.image, name: registration.name, path: registration.path),
            format: facts.format,
            fileSize: facts.fileBytes,
            virtualSize: facts.diskBytes,
            fingerprint: facts.fingerprint
        )
    }

    private func undo(after failure: Failure) async {
        do throws(Failure) {
            try await hypervisor.remove(vm)
        } catch {
            logger.error(
                "what a failed create made could not be removed",
                metadata: ["error": "\(error)", "after": "\(failure)", "domain": "\(vm.domainName)"]
            )
        }
    }
}
