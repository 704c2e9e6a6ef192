import Foundation
import Model

extension SettingDescription {
    /// The setting's text: the variable's, or for a secret the content of the file that `NAME_FILE` names.
    func text(in environment: [String: String]) throws(Failure) -> String? {
        if let text = environment[name], !text.isEmpty { return text }
        guard isSecret, let path = environment[name + "_FILE"], !path.isEmpty else { return nil }
        guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8)
        else {
            throw Failure(.invalidRequest, "\(name)_FILE: '\(path)' cannot be read: correct its path or permissions")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

extension [SettingDescription] {
    /// The settings for `--help`: a name with its default, and below it what it does.
    public var helpText: String {
        map { setting in
            let fallback = setting.fallback.isEmpty ? "" : " [\(setting.fallback)]"
            let secret = setting.isSecret ? ", or a file by \(setting.name)_FILE" : ""
            return "  \(setting.name)\(fallback)\n      \(setting.meaning) (\(setting.kind)\(secret))"
        }.joined(separator: "\n")
    }

    /// The settings as the table of docs/configuration.md.
    public var markdownTable: String {
        let rows = map { setting in
            let secret = setting.isSecret ? "; secret: also as a file by `\(setting.name)_FILE`" : ""
            let fallback = setting.fallback.isEmpty ? "" : "`\(setting.fallback)`"
            return "| `\(setting.name)` | \(fallback) | \(setting.kind)\(secret) | \(setting.meaning) |"
        }
        return (["| variable | default | takes | meaning |", "| --- | --- | --- | --- |"] + rows)
            .joined(separator: "\n")
    }
}
