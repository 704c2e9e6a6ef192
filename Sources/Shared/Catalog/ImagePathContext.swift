import Foundation
import Model

/// What the paths of an image_file are relative to.
package struct ImagePathContext: Sendable {
    /// The folders in which a relative name is looked up, in order.
    let folders: [String]
    /// The longest path that Linux takes (`PATH_MAX` less the closing NUL).
    static let longestPath = 4095

    /// Makes a context.
    ///
    /// - Parameters:
    ///   - file: the image_file's path.
    ///   - roots: the folders for images; where there are none, names are relative to the image_file's own folder.
    package init(file: String, roots: [String]) {
        folders = roots.isEmpty ? [URL(filePath: file).deletingLastPathComponent().path] : roots
    }

    /// Where an entry says that its file lies.
    ///
    /// - Throws: `Refusal` with what is wrong and how to write it.
    func location(of entry: String) throws(Refusal) -> ImageLocation {
        guard !entry.unicodeScalars.contains(where: { $0 == "\t" || SourceText.isRefused($0) }) else {
            throw wrong("holds a tab or another control character: write one path a line")
        }
        guard entry.utf8.count <= Self.longestPath else { throw wrong("is longer than \(Self.longestPath) bytes") }
        if let scheme = entry.range(of: "://") { throw wrong(Self.advice(scheme: entry[..<scheme.lowerBound], entry)) }
        guard let (machine, path) = ImageLocation.split(entry) else {
            return .local(path: try localPath(entry))
        }
        let destination: SSHDestination
        do {
            destination = try SSHDestination(machine)
        } catch {
            throw wrong("names no machine before its colon: write user@host:/path, or ./name for a file here")
        }
        guard !path.hasPrefix("\\") else { throw wrong("is a path of Windows: write /path or user@host:/path") }
        // A relative path begins at the home there, and so does one with a tilde.
        let there = path == "~" || path.hasPrefix("~/") ? String(path.dropFirst(2)) : path
        guard !there.hasPrefix("~") else { throw wrong("names another user's home: write the full path there") }
        return .remote(destination, path: try Self.plain(there))
    }

    private func localPath(_ entry: String) throws(Refusal) -> String {
        if entry.hasPrefix("/") { return try Self.plain(entry) }
        if entry.hasPrefix("~") { return try Self.plain(expandingTilde(in: entry)) }
        let name = try Self.plain(entry)
        let candidates = folders.map { ($0.hasSuffix("/") ? $0 : $0 + "/") + name }
        return try Self.plain(candidates.first { access($0, F_OK) == 0 } ?? candidates.first ?? name)
    }

    /// `~` is the home of the user whose process this is, `~name` that of another one (getpwuid(3), getpwnam(3)).
    private func expandingTilde(in entry: String) throws(Refusal) -> String {
        let user = entry.dropFirst().prefix { $0 != "/" }
        let rest = entry.dropFirst(user.count + 1)
        guard let home = user.isEmpty ? NSHomeDirectory() : NSHomeDirectoryForUser(String(user)), home.hasPrefix("/")
        else { throw wrong("names the home of '\(user)', and there is no such user here: write the full path") }
        return home + rest
    }

    /// The path without `//` and `/./`, so that no file has two.
    private static func plain(_ path: String) throws(Refusal) -> String {
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard let last = path.split(separator: "/", omittingEmptySubsequences: false).last, !last.isEmpty, last != ".",
            !parts.isEmpty
        else { throw wrong("names a folder: name a file") }
        // A link may stand before it, so it cannot be taken away here.
        guard !parts.contains("..") else { throw wrong("holds /../: write the path without") }
        return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }

    private static func advice(scheme: Substring, _ entry: String) -> String {
        let rest = entry.dropFirst(scheme.count + 3)
        switch scheme.lowercased() {
        case "ssh", "sftp", "scp":
            let slash = rest.firstIndex(of: "/") ?? rest.endIndex
            return "is a URL: write \(rest[..<slash]):\(slash == rest.endIndex ? "/path" : rest[slash...])"
        case "http", "https", "ftp":
            return "is a URL: download it with `curl -fLO`, and write the path of the file"
        case "file":
            return "is a URL: write the path alone, \(rest)"
        default:
            return "is a URL: write a path, or user@host:/path for a file on another machine"
        }
    }
}

private func wrong(_ reason: String) -> Refusal { Refusal(code: .wrongValue, reason: reason) }
