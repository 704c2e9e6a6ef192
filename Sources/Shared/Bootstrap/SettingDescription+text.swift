import Foundation
import Model

extension SettingDescription {
    /// The setting's text: the variable's, or for a secret the content of the file that `NAME_FILE` names.
    ///
    /// A secret that is blank is refused: taken for none, it would open to all what it was to close. So is one that is set
    /// twice: whichever were taken, somebody believes that the other one holds.
    func text(in environment: [String: String]) throws(Failure) -> String? {
        let isSet = [name, name + "_FILE"].map { environment[$0]?.isEmpty == false }
        guard !isSecret || isSet != [true, true] else {
            throw Failure(.invalidRequest, "\(name) and \(name)_FILE are both set: leave one of them out")
        }
        if let text = environment[name], !text.isEmpty {
            guard !isSecret || !text.allSatisfy(\.isWhitespace) else {
                throw Failure(.invalidRequest, "\(name) is blank: give it a value, or leave it out")
            }
            return text
        }
        guard let path = file(in: environment) else { return nil }
        guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8)
        else {
            throw Failure(.invalidRequest, "\(name)_FILE: '\(path)' cannot be read: correct its path or permissions")
        }
        let secret = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !secret.isEmpty else {
            throw Failure(.invalidRequest, "\(name)_FILE: '\(path)' is empty: write the value into it, or leave it out")
        }
        return secret
    }

    /// The file that holds the secret, where one is named and the variable itself is not set.
    private func file(in environment: [String: String]) -> String? {
        guard isSecret, environment[name, default: ""].isEmpty, let path = environment[name + "_FILE"], !path.isEmpty
        else { return nil }
        return path
    }

    /// Says so where users of this machine other than the file's owner and group may read or change the secret.
    fileprivate func warning(in environment: [String: String]) -> String? {
        guard let path = file(in: environment) else { return nil }
        var status = stat()
        // What cannot be read has been refused before.
        guard stat(path, &status) == 0, status.st_mode & 0o006 != 0 else { return nil }
        return "\(name)_FILE: every user of this machine may read or change '\(path)': chmod o-rw it"
    }
}

extension [SettingDescription] {
    /// What is unsafe about the files that hold secrets.
    ///
    /// - Parameter environment: the variables.
    /// - Returns: a sentence for each such file.
    package func secretWarnings(in environment: [String: String]) -> [String] {
        compactMap { $0.warning(in: environment) }
    }

    /// The settings for `--help`: a name with its default, and below it what it does.
    package var helpText: String {
        map { setting in
            let fallback = setting.fallback.isEmpty ? "" : " [\(setting.fallback)]"
            let secret = setting.isSecret ? ", or a file by \(setting.name)_FILE" : ""
            return "  \(setting.name)\(fallback)\n      \(setting.meaning) (\(setting.kind)\(secret))"
        }.joined(separator: "\n")
    }

    /// The settings as the table of docs/configuration.md.
    package var markdownTable: String {
        let rows = map { setting in
            let secret = setting.isSecret ? "; secret: also as a file by `\(setting.name)_FILE`" : ""
            let fallback = setting.fallback.isEmpty ? "" : "`\(setting.fallback)`"
            return "| `\(setting.name)` | \(fallback) | \(setting.kind)\(secret) | \(setting.meaning) |"
        }
        return (["| variable | default | takes | meaning |", "| --- | --- | --- | --- |"] + rows)
            .joined(separator: "\n")
    }
}
