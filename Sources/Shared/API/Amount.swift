package import Model

/// An amount of CPU, memory and disk, with the units in the names.
package struct Amount: Codable, Hashable, Sendable {
    package let cpu: Int
    package let ramMiB: Int
    package let diskGiB: Int

    private enum CodingKeys: String, CodingKey {
        case cpu
        case ramMiB = "ram_mib"
        case diskGiB = "disk_gib"
    }

    package init(_ amount: Resources) { (cpu, ramMiB, diskGiB) = (amount.cpu, amount.ram, amount.disk) }
}
