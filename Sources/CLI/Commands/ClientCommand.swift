import ArgumentParser

/// A command that calls the gateway.
protocol ClientCommand: AsyncParsableCommand {
    var common: CommonOptions { get }

    func run(in session: Session) async throws
}

extension ClientCommand {
    func run() async throws { try await run(in: try common.session()) }
}
