/// Makes a program's clock of the day wrong, and leaves its steady clocks and the times of files right.
package struct ShiftedClock {
    private let library: String

    /// Builds what the program is to load (ld.so(8), LD_PRELOAD).
    package init() async throws {
        library = try await ClockLibrary.path()
    }

    /// The environment of a program whose clock is to be off.
    ///
    /// - Parameter seconds: by how much, ahead where positive.
    /// - Returns: the variables.
    package func environment(off seconds: Int) -> [String: String] {
        ["LD_PRELOAD": library, "CLOCK_SHIFT_S": String(seconds)]
    }
}
