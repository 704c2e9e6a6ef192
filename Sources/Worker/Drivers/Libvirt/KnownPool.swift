import Libvirt
import Model

/// The storage pool of a PM as it was found over one connection: what need not be looked up for each call.
///
/// It is not Sendable, and stays in its connection's memory.
final class KnownPool {
    /// The pool, started.
    let pool: StoragePool
    /// The directory on the PM in which its volumes lie.
    let directory: String
    private var copies: [String: ImageCopy] = [:]

    init(_ pool: StoragePool) throws(LibvirtError) {
        self.pool = pool
        directory = try pool.directory()
    }

    /// The path on the PM of a volume of this name.
    func path(of name: String) -> String { "\(directory)/\(name)" }

    /// The whole copy of an image; nil where there is none.
    ///
    /// libvirt answers lookups from memory. So the file itself is asked for its length, in the one call for a copy that is
    /// known: people may have deleted it, and another worker may be sending it anew.
    func copy(of image: ImageFile, in session: Session) throws(LibvirtError) -> ImageCopy? {
        let name = image.volumeName
        do {
            if let copy = copies[name] {
                if try copy.isWhole(image, in: session) { return copy }
                copies[name] = nil
            }
        } catch {
            copies[name] = nil
            guard !error.kind.isConnectionFault else { throw error }
        }
        return try find(image, in: session)
    }

    private func find(_ image: ImageFile, in session: Session) throws(LibvirtError) -> ImageCopy? {
        guard try pool.volume(name: image.markerName) != nil, let volume = try pool.volume(name: image.volumeName)
        else {
            return nil
        }
        do {
            let copy = ImageCopy(volume: volume, path: try volume.path())
            guard try copy.isWhole(image, in: session) else { return nil }
            copies[image.volumeName] = copy
            return copy
        } catch  where !error.kind.isConnectionFault {
            // Its file is missing, which libvirt is to know, too.
            try? pool.refresh()
            return nil
        }
    }
}

/// A copy of an image that was seen whole.
struct ImageCopy {
    let volume: Volume
    /// Its path on the PM.
    let path: String

    /// Whether its file is as long as the image's.
    fileprivate func isWhole(_ image: ImageFile, in session: Session) throws(LibvirtError) -> Bool {
        // Nothing is sent to the test driver, whose volumes have no files.
        if try session.isTestDriver {
            _ = try volume.info()
            return true
        }
        return try volume.fileSize() == image.fileSize
    }
}

/// What a connection's memory keeps of the pool.
private final class PoolMemory {
    var known: KnownPool?
}

extension LibvirtHypervisor {
    /// Runs a body with the PM's pool, which is made where it is missing and can be made.
    func withPool<Value>(in session: Session, _ body: (KnownPool) throws -> Value) throws -> Value {
        try withExistingPool(in: session) { pool in try body(try pool ?? knownPool(in: session)) }
    }

    /// Runs a body with the PM's pool, nil where there is none.
    ///
    /// Where what is known of it proves outdated, since somebody stopped or redefined it, the body runs once more with what
    /// is there now.
    func withExistingPool<Value>(in session: Session, _ body: (KnownPool?) throws -> Value) throws -> Value {
        let memory = session.memory.value { PoolMemory() }
        if let known = memory.known {
            do {
                return try body(known)
            } catch {
                memory.known = nil
                let kind = (error as? LibvirtError)?.kind
                guard kind == .noSuchPool || kind == .operationInvalid else { throw error }
            }
        }
        memory.known = try existingPool(in: session).map(KnownPool.init)
        return try body(memory.known)
    }

    /// The PM's pool, looked up where it is not known over this connection.
    func knownPool(in session: Session) throws -> KnownPool {
        let memory = session.memory.value { PoolMemory() }
        if let known = memory.known { return known }
        let known = try KnownPool(pool(in: session))
        memory.known = known
        return known
    }
}
