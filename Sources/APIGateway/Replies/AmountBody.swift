import Model

/// An amount of cpu, ram and disk, with the units in the names.
struct AmountBody: Encodable {
    let cpu: Int
    let ramMiB: Int
    let diskGiB: Int

    private enum CodingKeys: String, CodingKey {
        case cpu
        case ramMiB = "ram_mib"
        case diskGiB = "disk_gib"
    }

    init(_ amount: Resources) { (cpu, ramMiB, diskGiB) = (amount.cpu, amount.ram, amount.disk) }
}
