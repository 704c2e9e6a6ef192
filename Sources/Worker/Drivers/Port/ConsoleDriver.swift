import Model

import struct Foundation.UUID

/// What is done to the consoles of a PM's guests; what they write is in the PM's logs.
protocol ConsoleDriver: Sendable {
    /// Writes to a guest's console what comes into a queue, until the queue is closed.
    ///
    /// - Parameters:
    ///   - queue: what is to be written.
    ///   - vm: the guest.
    ///   - isForced: whether another one who has the console open on the PM is to lose it.
    /// - Throws: `Failure` with `consoleBusy` where another one has it open, `wrongState` where the guest does not run.
    func write(_ queue: ConsoleQueue, toConsoleOf vm: UUID, isForced: Bool) async throws(Failure)

    /// Presses Alt, SysRq and a key of a guest's keyboard together.
    ///
    /// - Throws: `Failure`, with `wrongState` where the guest does not run.
    func pressSysRq(_ key: Character, of vm: UUID) async throws(Failure)
}

/// Guests that nobody runs have no console.
extension ConsoleDriver {
    func write(_ queue: ConsoleQueue, toConsoleOf vm: UUID, isForced: Bool) async throws(Failure) {
        throw .noConsole
    }

    func pressSysRq(_ key: Character, of vm: UUID) async throws(Failure) { throw .noConsole }
}

extension Failure {
    /// The PM's guests have no console.
    static let noConsole = Failure(
        .notSupported,
        "the VM is on a PM whose guests have no console here: QEMU's have one, over ssh or on the worker's machine"
    )
}
