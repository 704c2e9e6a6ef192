package import Model
import RedisClient

/// An image to be registered, with what its file was found to be.
package struct ImageRegistration: Hashable, Sendable {
    /// What a usable file was found to be.
    package struct Facts: Hashable, Sendable {
        /// What its first bytes say.
        package let format: ImageFormat
        /// Its length.
        package let fileBytes: Int64
        /// The disk's size as a guest sees it.
        package let diskBytes: Int64
        /// Distinguishes contents.
        package let fingerprint: String

        /// Makes facts.
        ///
        /// - Parameters:
        ///   - format: what the file's first bytes say.
        ///   - fileBytes: its length.
        ///   - diskBytes: the disk's size as a guest sees it.
        ///   - fingerprint: distinguishes contents.
        package init(format: ImageFormat, fileBytes: Int64, diskBytes: Int64, fingerprint: String) {
            self.format = format
            self.fileBytes = fileBytes
            self.diskBytes = diskBytes
            self.fingerprint = fingerprint
        }
    }

    /// Where the file lies, as ``ImageLocation`` writes it.
    package let path: String
    /// The image's name.
    package let name: String
    /// What the file is; nil where it cannot be used, and then `reason` says why.
    package let facts: Facts?
    /// Why it cannot be used; empty where it can.
    package let reason: String
    /// True where it is on its way from the machine where it lies.
    package let isBeingFetched: Bool
    /// As whom people log in to its guests; nil where nobody says.
    package var loginUser: String?

    /// Makes a registration of a usable image.
    ///
    /// - Parameters:
    ///   - path: where the file lies.
    ///   - name: the image's name.
    ///   - facts: what the file was found to be.
    package init(path: String, name: String, facts: Facts) {
        self.path = path
        self.name = name
        self.facts = facts
        reason = ""
        isBeingFetched = false
    }

    /// Makes a registration of an image that cannot be used now.
    ///
    /// - Parameters:
    ///   - path: where the file lies.
    ///   - name: the image's name.
    ///   - reason: why it cannot be used.
    package init(path: String, name: String, unusable reason: String) {
        self.init(path: path, name: name, reason: reason, isBeingFetched: false)
    }

    /// Makes a registration of an image that lies on another machine; what is known of it stays.
    ///
    /// - Parameters:
    ///   - path: where the file lies.
    ///   - name: the image's name.
    ///   - state: how far its fetch is.
    package init(path: String, name: String, fetching state: String) {
        self.init(path: path, name: name, reason: state, isBeingFetched: true)
    }

    private init(path: String, name: String, reason: String, isBeingFetched: Bool) {
        self.path = path
        self.name = name
        facts = nil
        self.reason = reason
        self.isBeingFetched = isBeingFetched
    }
}

extension ImageRegistration {
    /// The word for its state.
    package var state: String { facts != nil ? "ready" : isBeingFetched ? "fetching" : "unusable" }

    /// What its file is, where VMs can be made of it.
    ///
    /// - Parameter image: its number.
    /// - Returns: the facts.
    /// - Throws: `Failure` with `imageFetching` or `imageUnusable`.
    package func usable(as image: ImageID) throws(Failure) -> Facts {
        if let facts { return facts }
        if isBeingFetched {
            throw Failure(
                .imageFetching,
                "image \(image) ('\(name)') is being fetched from the machine where it lies: wait, or see its record",
                cause: reason
            )
        }
        throw Failure(
            .imageUnusable,
            "image \(image) ('\(name)') cannot be used: put it right, and send the workers SIGHUP",
            cause: reason
        )
    }
}

extension Image {
    /// Sees that it goes on the disk of a type.
    ///
    /// - Parameters:
    ///   - bytes: the size of its disk.
    ///   - type: the type.
    ///   - disk: the type's disk in GiB.
    /// - Throws: `Failure` with `imageTooLarge`.
    package func checkFits(_ bytes: Int64, type: TypeID, disk: Int) throws(Failure) {
        guard bytes > Int64(disk) << 30 else { return }
        throw Failure(
            .imageTooLarge,
            "image \(id) ('\(name)') needs \(bytes) bytes of disk and type \(type) has \(disk) GiB: "
                + "choose a type with more disk"
        )
    }
}

extension Store {
    /// Makes these the listed PMs; a known address keeps its number.
    ///
    /// - Parameters:
    ///   - listings: the PM file's lines.
    ///   - period: within which those that are up and listed as before are probed next; others are probed at once.
    /// - Returns: the numbers, in the same order.
    /// - Throws: `Failure`.
    package func register(
        machines listings: [PMListing],
        lookingWithin period: Duration = .seconds(86400)
    ) async throws(Failure) -> [PMID] {
        let arguments = listings.flatMap { listing -> [any RedisArgumentConvertible] in
            let overcommit = listing.overcommit
            return [
                listing.address.description, listing.address.libvirtURI, listing.pool, listing.domainType.rawValue,
                overcommit.cpu, overcommit.ram, overcommit.disk, listing.reserve.cpu, listing.reserve.ram,
                listing.reserve.disk, listing.tags.sorted().joined(separator: ","), listing.network ?? "",
            ]
        }
        return try await run(.registerPMs, ["period_ms": period.milliseconds], more: arguments)
    }

    /// Makes these the listed images; a known path keeps its number.
    ///
    /// - Parameter listings: the image file's lines.
    /// - Returns: the numbers, in the same order.
    /// - Throws: `Failure`.
    package func register(images listings: [ImageRegistration]) async throws(Failure) -> [ImageID] {
        let arguments = listings.flatMap { listing -> [any RedisArgumentConvertible] in
            let facts = listing.facts
            return [
                listing.path, listing.name, listing.state, listing.reason,
                facts?.format.rawValue ?? "", Int(facts?.fileBytes ?? 0), Int(facts?.diskBytes ?? 0),
                facts?.fingerprint ?? "", listing.loginUser ?? "",
            ]
        }
        return try await run(.registerImages, more: arguments)
    }
}

extension RESPValue {
    /// An array of numbers as identifiers.
    func identifiers<Entity>() -> [Identifier<Entity>] {
        array?.compactMap { $0.int.flatMap(Identifier.init) } ?? []
    }
}
