import Bootstrap
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
    let journal: Journal
    let logger: Logger

    /// How a run ended that did not succeed.
    struct Fault: Error {
        /// Why.
        let failure: Failure
        /// True where it is certain that nothing of the VM is on the PM.
        let isClean: Bool
    }

    /// Runs the steps; where one fails, what they made is taken away again.
    func run() async throws(Fault) {
        do throws(Failure) {
            // The journal first: where the image is of no use, it tells what an earlier run has made.
            let image = try await journal.take(.image) { () async throws(Failure) in
                let image = try await imageFile()
                // Before the image is brought to a PM that cannot run the VM.
                try await hypervisor.ensureNetwork()
                try await hypervisor.ensureImage(image)
                return image
            }
            try await journal.take(.disk) { () async throws(Failure) in
                try await hypervisor.ensureDisk(of: vm, over: image)
            }
            try await journal.take(.domain) { () async throws(Failure) in
                try await hypervisor.ensureDefined(vm, over: image)
            }
            try await journal.take(.start) { () async throws(Failure) in try await hypervisor.ensureRunning(vm) }
        } catch {
            // A job that was stopped or lost goes on elsewhere with what is there.
            guard !Task.isCancelled, !error.code.leavesJobAsItIs else { throw Fault(failure: error, isClean: false) }
            throw Fault(failure: error, isClean: await undo(after: error))
        }
    }

    /// The image as the catalog has it: a PM that holds it already needs no file on this worker.
    private func imageFile() async throws(Failure) -> ImageFile {
        guard let registration = try await store.imageRegistration(vm.image) else {
            throw Failure(.unknownImage, "image \(vm.image) is no longer known: put it back into the image_file")
        }
        let facts = try registration.usable(as: vm.image)
        return ImageFile(Image(id: vm.image, name: registration.name, path: registration.path), facts)
    }

    /// Takes away what there is of the VM.
    ///
    /// - Returns: whether it is certain that nothing is left.
    private func undo(after failure: Failure) async -> Bool {
        guard journal.mayHaveMadeSomething else { return true }
        do throws(Failure) {
            try await journal.take(.remove) { () async throws(Failure) in _ = try await hypervisor.remove(vm) }
            CrashPoint.undone.reach()
            return true
        } catch {
            logger.error(
                "what a failed create made could not be removed yet",
                metadata: ["error": "\(error)", "after": "\(failure)", "domain": "\(vm.domainName)"]
            )
            return false
        }
    }
}
