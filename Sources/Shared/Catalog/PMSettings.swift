import Model

/// A machine's listing while its settings are read.
struct PMSettings {
    /// The settings that may follow an address.
    enum Key: String, CaseIterable {
        case domainType = "domain_type"
        case overcommitCPU = "overcommit_cpu"
        case overcommitRAM = "overcommit_ram"
        case overcommitDisk = "overcommit_disk"
        case pool
        case network
        case reserveCPU = "reserve_cpu"
        case reserveRAM = "reserve_ram"
        case reserveDisk = "reserve_disk"
        case tags

        /// True for numbers, which a dictionary gives without quotes.
        var isNumber: Bool { ![.domainType, .pool, .network, .tags].contains(self) }
    }

    /// The bounds of overcommit: below a tenth or above a hundred, a digit is wrong.
    static let factors = 0.1...100.0
    static let factorAdvice = "no factor: write a number from 0.1 to 100, as 1.5"

    private(set) var listing: PMListing
    private var seen: Set<Key> = []

    init(_ address: PMAddress, defaults: Overcommit) {
        listing = PMListing(address: address, overcommit: defaults)
    }

    mutating func set(_ name: String, to value: String) throws(Refusal) {
        guard let key = Key(rawValue: name) else {
            let names = Key.allCases.map(\.rawValue)
            let advice = "write \(names.joined(separator: ", "))" + names.didYouMean(name)
            throw Refusal(code: .unknownKey, reason: "'\(name)' is no setting of a machine: \(advice)")
        }
        guard seen.insert(key).inserted else {
            throw Refusal(code: .duplicate, reason: "'\(name)' is given twice: keep one")
        }
        switch key {
        case .domainType: listing.domainType = try Self.domainType(value)
        case .overcommitCPU: listing.overcommit.cpu = try Self.factor(value, of: name)
        case .overcommitRAM: listing.overcommit.ram = try Self.factor(value, of: name)
        case .overcommitDisk: listing.overcommit.disk = try Self.factor(value, of: name)
        case .pool: listing.pool = try Self.name(value, of: name)
        case .network: listing.network = try Self.name(value, of: name)
        case .reserveCPU: listing.reserve.cpu = try Self.amount(value, of: name)
        case .reserveRAM: listing.reserve.ram = try Self.amount(value, of: name)
        case .reserveDisk: listing.reserve.disk = try Self.amount(value, of: name)
        case .tags: listing.tags = try Self.tags(value)
        }
    }

    private static func domainType(_ value: String) throws(Refusal) -> DomainTypeChoice {
        guard let choice = DomainTypeChoice(rawValue: value) else {
            let names = DomainTypeChoice.allCases.map(\.rawValue).joined(separator: ", ")
            throw Refusal(code: .wrongValue, reason: "domain_type is '\(value)': write one of \(names)")
        }
        return choice
    }

    /// Digits, and a point with digits behind it if need be; what else `Double` reads (`inf`, `0x1p3`) is refused.
    private static func factor(_ value: String, of name: String) throws(Refusal) -> Double {
        let parts = value.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let factor = Double(value), factors.contains(factor)
        else { throw Refusal(code: .wrongValue, reason: "\(name) is '\(value)', \(factorAdvice)") }
        return factor
    }

    /// A whole amount, which is kept for the machine itself.
    private static func amount(_ value: String, of name: String) throws(Refusal) -> Int {
        guard (1...9).contains(value.utf8.count), value.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let amount = Int(value)
        else { throw Refusal(code: .wrongValue, reason: "\(name) is '\(value)': write a whole number, as 2048") }
        return amount
    }

    private static func tags(_ value: String) throws(Refusal) -> Set<String> {
        let tags = value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        do throws(Failure) {
            for tag in tags { try Label.validate(tag) }
        } catch {
            throw Refusal(
                code: .wrongValue,
                reason: "tags is '\(value)': write names with commas between them, as ssd,rack2"
            )
        }
        return Set(tags)
    }

    /// The name of a pool or a network.
    private static func name(_ value: String, of what: String) throws(Refusal) -> String {
        guard PMListing.isLibvirtName(value) else {
            let advice = "write the libvirt \(what)'s name: up to 64 letters, digits, dots, dashes and underscores"
            throw Refusal(code: .wrongValue, reason: "\(what) is '\(value)': \(advice)")
        }
        return value
    }
}
