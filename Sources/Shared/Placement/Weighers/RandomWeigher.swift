import Model

/// Orders machines by chance, which follows from a seed, the VM and the machine alone.
package struct RandomWeigher: PlacementWeigher {
    /// `random`.
    package let name = "random"
    /// What chance is drawn from.
    package let seed: UInt64

    package init(seed: UInt64 = 0) {
        self.seed = seed
    }

    /// A number from 0 to 1, by the finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
    package func weight(
        of row: PMRow,
        at index: Int,
        in fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Double {
        var bits = seed &+ UInt64(bitPattern: Int64(request.vm?.value ?? 0)) &* 0x9E37_79B9_7F4A_7C15
        bits = Self.mixed(bits) ^ UInt64(bitPattern: Int64(row.id.value)) &* 0xD1B5_4A32_D192_ED03
        return Double(Self.mixed(bits) >> 11) * 0x1p-53
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var bits = value
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
