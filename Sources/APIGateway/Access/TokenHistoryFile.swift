import Foundation
import Model
import NIOPosix

/// Keeps what the gateway remembers of tokens in a file, so that it notices at its start, too, that Redis went back.
struct TokenHistoryFile: Sendable {
    let path: String

    /// What was remembered last; an empty history where there is no file yet.
    ///
    /// - Throws: `Failure` where the file cannot be read, or is none of ours.
    func read() async throws(Failure) -> TokenHistory {
        try await outsideThePool("read") {
            guard FileManager.default.fileExists(atPath: path) else { return TokenHistory() }
            return try JSONDecoder().decode(TokenHistory.self, from: Data(contentsOf: URL(filePath: path)))
        }
    }

    /// Writes it in place of the last one, which stays whole where this fails.
    func write(_ history: TokenHistory) async throws(Failure) {
        try await outsideThePool("written") {
            try JSONEncoder().encode(history).write(to: URL(filePath: path), options: .atomic)
            // Who knows the digests learns how many tokens there are, and no token.
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        }
    }

    /// Files block: they are no work for the threads on which requests are served.
    private func outsideThePool<Value: Sendable>(
        _ done: String,
        _ body: @escaping @Sendable () throws -> Value
    ) async throws(Failure) -> Value {
        do { return try await NIOThreadPool.singleton.runIfActive(body) } catch {
            throw Failure(
                .internalFault,
                "\(path) cannot be \(done): see HVC_TOKEN_HISTORY",
                cause: "\(error)"
            )
        }
    }
}
