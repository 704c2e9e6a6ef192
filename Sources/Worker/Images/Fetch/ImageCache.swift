import Foundation
import Model

/// A folder with copies of images that lie on other machines, shared by the workers of one user on this machine.
///
/// A folder an image holds each whole copy under its fingerprint, and one that is not whole with `.part` behind it. A
/// copy has the time of change of its source, so that its own fingerprint (`ImageInspection`) is that name. When it was
/// used last is its time of access, set by us. Whoever reads a copy holds a shared lock on it, and whoever writes one
/// an exclusive lock on the image's folder.
struct ImageCache: Sendable {
    let folder: String
    /// How many bytes the copies may take, those counted whole that are still being fetched.
    let limit: Int64

    private static let partEnding = ".part"
    private static let lockName = "lock"

    /// Makes the folder where it is missing, and checks that nobody else can write there.
    ///
    /// - Throws: `Failure` with `internalFault`.
    func prepare() throws(Failure) {
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw fault("cannot be made: set HVC_IMAGE_CACHE to a folder of the worker's user", "\(error)")
        }
        var status = stat()
        guard stat(folder, &status) == 0, status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
            throw fault("may be written by others: run `chown` and `chmod 700` on it, or set HVC_IMAGE_CACHE", nil)
        }
    }

    /// The folder of an image's copies.
    func folder(of image: ImageLocation) -> String {
        let file = image.path.split(separator: "/").last ?? ""
        let name = file.prefix(60).map { $0.isASCII && ($0.isLetter || $0.isNumber || ".-_".contains($0)) ? $0 : "_" }
        return "\(folder)/\(String(name))-\(image.description.fnv1a)"
    }

    /// Where the whole copy with a fingerprint is, or would be.
    func path(of image: ImageLocation, fingerprint: String) -> String { folder(of: image) + "/" + fingerprint }

    /// Where that copy grows.
    func partPath(of image: ImageLocation, fingerprint: String) -> String {
        path(of: image, fingerprint: fingerprint) + Self.partEnding
    }

    /// Takes the whole copy with a fingerprint into use.
    ///
    /// - Returns: nil where it is not there; it stays there while what is returned lives.
    func use(_ image: ImageLocation, fingerprint: String) -> CachedImage? {
        let path = path(of: image, fingerprint: fingerprint)
        guard let lock = FileLock(path, .shared) else { return nil }
        // One that cannot be marked as used is only deleted earlier.
        _ = utimensat(AT_FDCWD, path, [.now, .unchanged], 0)
        return CachedImage(path: path, lock: lock)
    }

    /// The whole copy whose source was changed last; nil where there is none.
    func useNewest(_ image: ImageLocation) -> CachedImage? {
        let newest = files(in: folder(of: image)).filter { !$0.isPart }.max { $0.modified < $1.modified }
        return newest.flatMap { use(image, fingerprint: $0.name) }
    }

    /// The right to write an image's copies; nil where another fetch has it.
    ///
    /// - Throws: `Failure` where the folder cannot be made.
    func lock(_ image: ImageLocation) throws(Failure) -> FileLock? {
        try prepare()
        let folder = folder(of: image)
        if mkdir(folder, 0o700) != 0, errno != EEXIST {
            throw fault("takes no new folder: give it room, or set HVC_IMAGE_CACHE", String(cString: strerror(errno)))
        }
        return FileLock(folder + "/" + Self.lockName, .exclusive, create: true)
    }

    /// Deletes what is used least until an image fits, and begins its part, which holds the room from then on.
    ///
    /// What is in use or being fetched stays.
    ///
    /// - Parameters:
    ///   - image: the image that comes, whose lock the caller has; its older copies go first.
    ///   - fingerprint: of the copy that comes.
    ///   - bytes: how long it will be.
    /// - Throws: `Failure` with `storageFull`.
    func makeRoom(for image: ImageLocation, fingerprint: String, bytes: Int64) throws(Failure) {
        let own = folder(of: image)
        // One fetch at a time, or two would be given the same room.
        guard let lock = FileLock(folder + "/" + Self.lockName, .exclusive, create: true, waits: true) else {
            throw fault("cannot be locked: see its disk, or set HVC_IMAGE_CACHE", nil)
        }
        defer { withExtendedLifetime(lock) {} }
        for file in files(in: own) where file.isPart && file.name != fingerprint + Self.partEnding {
            unlink(file.path)
        }
        guard bytes <= limit else {
            throw full("takes \(limit) bytes and the image has \(bytes): raise HVC_IMAGE_CACHE_GIB")
        }
        let subfolders = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let others = subfolders.flatMap { files(in: folder + "/" + $0) }
            .filter { $0.path != partPath(of: image, fingerprint: fingerprint) }
        var taken = others.reduce(0) { $0 + $1.bytes }
        let oldest = others.sorted { ($0.folder == own ? 0 : 1, $0.used) < ($1.folder == own ? 0 : 1, $1.used) }
        for file in oldest where taken + bytes > limit {
            if remove(file) { taken -= file.bytes }
        }
        guard taken + bytes <= limit else {
            throw full("takes \(limit) bytes, and \(taken) of them are in use: raise HVC_IMAGE_CACHE_GIB")
        }
        var system = statvfs()
        let part = partPath(of: image, fingerprint: fingerprint)
        let missing = bytes - (files(in: own).first { $0.path == part }?.length ?? 0)
        guard statvfs(folder, &system) != 0 || Int64(system.f_bavail) * Int64(system.f_frsize) > missing else {
            throw full("lies on a disk without \(missing) bytes left: give it room, or set HVC_IMAGE_CACHE")
        }
        _ = try PartFile(path: part)
    }

    /// Deletes a copy that nobody uses, or a part that nobody fetches.
    private func remove(_ file: CacheFile) -> Bool {
        let lock =
            file.isPart
            ? FileLock(file.folder + "/" + Self.lockName, .exclusive, create: true) : FileLock(file.path, .exclusive)
        return withExtendedLifetime(lock) { lock != nil && unlink(file.path) == 0 }
    }

    private func files(in folder: String) -> [CacheFile] {
        // A folder that is not there has no files.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.compactMap { CacheFile(folder: folder, name: $0, partEnding: Self.partEnding) }
    }

    private func fault(_ what: String, _ cause: String?) -> Failure {
        Failure(.internalFault, "the image cache '\(folder)' \(what)", cause: cause)
    }

    private func full(_ what: String) -> Failure { Failure(.storageFull, "the image cache '\(folder)' \(what)") }
}

/// A whole copy that stays where it is while this lives.
struct CachedImage: Sendable {
    let path: String
    private let lock: FileLock

    fileprivate init(path: String, lock: FileLock) {
        self.path = path
        self.lock = lock
    }
}

/// One copy in the cache, whole or not.
private struct CacheFile {
    let folder: String
    let name: String
    let isPart: Bool
    /// Its length now.
    let length: Int64
    /// Its length when it is whole.
    let bytes: Int64
    let modified: Int
    /// When it was used last, or grew, in ns since 1970.
    let used: Int

    var path: String { folder + "/" + name }

    /// Nil for what has no fingerprint for its name.
    init?(folder: String, name: String, partEnding: String) {
        isPart = name.hasSuffix(partEnding)
        let fingerprint = isPart ? String(name.dropLast(partEnding.count)) : name
        guard let dash = fingerprint.firstIndex(of: "-"), let bytes = Int64(fingerprint[..<dash], radix: 16) else {
            return nil
        }
        var status = stat()
        guard lstat(folder + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        self.folder = folder
        self.name = name
        self.bytes = bytes
        length = Int64(status.st_size)
        modified = status.st_mtim.tv_sec
        let time = isPart ? status.st_mtim : status.st_atim
        used = time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}
