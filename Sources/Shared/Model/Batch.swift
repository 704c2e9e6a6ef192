/// Creates that were accepted together.
package enum Batch {
    /// The most VMs that one may have.
    package static let mostVMs = 100

    /// The names of several VMs that were asked for by one: `web` gives `web-01` … `web-10`, with as many digits as the
    /// last one needs; one alone keeps the name.
    ///
    /// - Parameters:
    ///   - name: the name.
    ///   - count: how many VMs there are.
    /// - Returns: a name for each.
    package static func names(_ name: String, count: Int) -> [String] {
        guard count > 1 else { return [name] }
        let width = "\(count)".utf8.count
        return (1...count).map { number in
            let digits = "\(number)"
            return name + "-" + String(repeating: "0", count: width - digits.utf8.count) + digits
        }
    }
}
