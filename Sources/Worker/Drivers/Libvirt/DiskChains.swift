import Model

/// Which files a VM's disk has come to be, where a backup tool or somebody made external snapshots of it; pure.
///
/// A volume of the pool is the VM's where it is called after it, or where the VM's domain knows of it and it stands on one
/// that is: it holds what the guest wrote since. Nothing else is, wherever it lies.
struct DiskChains {
    /// The names of the volumes that are the VM's.
    let ours: Set<String>
    /// The chain beneath each volume of the pool, itself first.
    private let chains: [String: [String]]
    /// What the domain knows of, by path.
    private let files: [String]
    private let directory: String

    /// Follows the chains.
    ///
    /// - Parameters:
    ///   - vm: the VM.
    ///   - files: the paths that its domain and its snapshots name.
    ///   - directory: where the pool's volumes lie.
    ///   - backing: the path beneath each volume that stands on one.
    init(of vm: VirtualMachine, files: [String], directory: String, backing: [String: String]) {
        var chains: [String: [String]] = [:]
        let named = files.compactMap { Self.name(of: $0, in: directory) }
        for start in Set(backing.keys).union(named) {
            var chain = [start]
            while let path = backing[chain[chain.count - 1]], let next = Self.name(of: path, in: directory),
                !chain.contains(next)
            {
                chain.append(next)
            }
            chains[start] = chain
        }
        func isNamed(_ name: String) -> Bool { VolumeName(name).domainName == vm.domainName }
        // Beneath what the domain writes to there may be overlays that it does not name.
        let known = Set(named.flatMap { chains[$0] ?? [$0] })
        let ours = Set(known.filter { chains[$0, default: [$0]].contains(where: isNamed) })
            .union(chains.keys.filter(isNamed))
        self.ours = ours.filter { !VolumeName($0).isImage }
        self.chains = chains
        self.files = files
        self.directory = directory
    }

    /// The volumes that can go: no other domain names them, and nothing that stays stands on them.
    ///
    /// - Parameter used: the volumes that other domains name.
    /// - Returns: their names, what stands on others first.
    func removable(keeping used: Set<String>) -> [String] {
        var kept = used
        for (name, chain) in chains where !ours.contains(name) || used.contains(name) { kept.formUnion(chain) }
        return ours.subtracting(kept).sorted { left, right in
            let depths = (chains[left]?.count ?? 1, chains[right]?.count ?? 1)
            return depths.0 == depths.1 ? left < right : depths.0 > depths.1
        }
    }

    /// The paths that stay.
    ///
    /// - Parameter gone: the volumes that are deleted.
    /// - Returns: the paths of the others that are the VM's or that its domain knows of.
    func left(after gone: [String]) -> [String] {
        let kept = ours.subtracting(gone).map { "\(directory)/\($0)" }
        let others = files.filter { path in
            let name = Self.name(of: path, in: directory)
            return !VolumeName(path).isImage && !(name.map(gone.contains) ?? false)
        }
        return Set(kept + others).sorted()
    }

    private static func name(of path: String, in directory: String) -> String? {
        let start = directory.hasSuffix("/") ? directory : directory + "/"
        guard !directory.isEmpty, path.hasPrefix(start) else { return nil }
        let name = path.dropFirst(start.count)
        return name.contains("/") ? nil : String(name)
    }
}
