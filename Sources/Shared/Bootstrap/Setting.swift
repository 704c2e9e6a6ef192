package import Model

/// One thing that can be set by an environment variable: the source of parsing, `--help` and docs/configuration.md.
package struct Setting<Value: Sendable>: Sendable {
    /// Its description for people.
    package let about: SettingDescription
    let fallback: Value
    let parse: @Sendable (String) -> Value?

    /// Makes a setting.
    ///
    /// - Parameters:
    ///   - about: its description for people.
    ///   - fallback: the value where the variable is not set or empty.
    ///   - parse: reads the text; nil where it is none of the kind.
    package init(_ about: SettingDescription, fallback: Value, parse: @escaping @Sendable (String) -> Value?) {
        self.about = about
        self.fallback = fallback
        self.parse = parse
    }

    /// The value in this environment.
    ///
    /// - Parameter environment: the variables.
    /// - Returns: what it is set to, else the fallback.
    /// - Throws: `Failure` with `invalidRequest` that names the variable and what it takes.
    package func value(in environment: [String: String]) throws(Failure) -> Value {
        guard let text = try about.text(in: environment), !text.isEmpty else { return fallback }
        guard let value = parse(text) else {
            let shown = about.isSecret ? "its value" : "'\(text)'"
            let advice = about.choices.nearest(to: text).map { "did you mean \($0)?" } ?? "set it anew or leave it out"
            throw Failure(.invalidRequest, "\(about.name): \(shown) is not \(about.kind): \(advice)")
        }
        return value
    }
}

/// The description of a setting for people.
package struct SettingDescription: Sendable, Hashable {
    /// The environment variable.
    package let name: String
    /// What values it takes, as a noun: `a port`, `seconds`.
    package let kind: String
    /// The value where it is not set, as text; empty for none.
    package let fallback: String
    /// What it does.
    package let meaning: String
    /// True where its value is never shown, and may be given as a file by `NAME_FILE`.
    package let isSecret: Bool
    /// The words that it takes, where they are a few; empty for all else.
    package let choices: [String]

    package init(
        _ name: String,
        kind: String,
        fallback: String,
        meaning: String,
        isSecret: Bool = false,
        choices: [String] = []
    ) {
        self.name = name
        self.kind = kind
        self.fallback = fallback
        self.meaning = meaning
        self.isSecret = isSecret
        self.choices = choices
    }
}

extension Setting where Value == String {
    /// A setting that is text.
    ///
    /// - Parameters:
    ///   - name: the environment variable.
    ///   - kind: what text it takes, as a noun.
    ///   - fallback: the value where it is not set.
    ///   - isSecret: its value is never shown.
    ///   - meaning: what it does.
    /// - Returns: the setting.
    package static func text(
        _ name: String,
        kind: String = "text",
        fallback: String = "",
        isSecret: Bool = false,
        meaning: String
    ) -> Self {
        let about = SettingDescription(name, kind: kind, fallback: fallback, meaning: meaning, isSecret: isSecret)
        return Setting(about, fallback: fallback) { $0 }
    }
}

extension Setting where Value == Int {
    /// A setting that is a whole number.
    ///
    /// - Parameters:
    ///   - name: the environment variable.
    ///   - range: the numbers it takes.
    ///   - fallback: the value where it is not set.
    ///   - meaning: what it does.
    /// - Returns: the setting.
    package static func number(_ name: String, in range: ClosedRange<Int>, fallback: Int, meaning: String) -> Self {
        let kind = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        let about = SettingDescription(name, kind: kind, fallback: String(fallback), meaning: meaning)
        return Setting(about, fallback: fallback) { Int($0).flatMap { range.contains($0) ? $0 : nil } }
    }
}

extension Setting where Value == Duration {
    /// A setting that is a time in seconds, with or without a fraction.
    ///
    /// - Parameters:
    ///   - name: the environment variable.
    ///   - range: the seconds it takes.
    ///   - fallback: the value where it is not set, in seconds.
    ///   - meaning: what it does.
    /// - Returns: the setting.
    package static func seconds(
        _ name: String,
        in range: ClosedRange<Double>,
        fallback: Double,
        meaning: String
    ) -> Self {
        let kind = "seconds from \(plain(range.lowerBound)) to \(plain(range.upperBound))"
        let about = SettingDescription(name, kind: kind, fallback: plain(fallback), meaning: meaning)
        return Setting(about, fallback: .seconds(fallback)) { text in
            Double(text).flatMap { range.contains($0) ? .seconds($0) : nil }
        }
    }

    private static func plain(_ number: Double) -> String {
        Int(exactly: number).map(String.init) ?? String(number)
    }
}

extension Setting where Value == Double {
    /// A setting that is a number, such as a ratio.
    ///
    /// - Parameters:
    ///   - name: the environment variable.
    ///   - range: the numbers it takes.
    ///   - fallback: the value where it is not set.
    ///   - meaning: what it does.
    /// - Returns: the setting.
    package static func ratio(
        _ name: String,
        in range: ClosedRange<Double>,
        fallback: Double,
        meaning: String
    ) -> Self {
        let kind = "a number from \(range.lowerBound) to \(range.upperBound)"
        let about = SettingDescription(name, kind: kind, fallback: String(fallback), meaning: meaning)
        return Setting(about, fallback: fallback) { Double($0).flatMap { range.contains($0) ? $0 : nil } }
    }
}

extension Setting where Value == String {
    /// A setting that is one of some words, which are known by name alone.
    ///
    /// - Parameters:
    ///   - name: the environment variable.
    ///   - choices: the words.
    ///   - fallback: the word where it is not set.
    ///   - meaning: what it does.
    /// - Returns: the setting.
    package static func choice(_ name: String, of choices: [String], fallback: String, meaning: String) -> Self {
        Setting(.choice(name, of: choices, fallback: fallback, meaning: meaning), fallback: fallback) { text in
            let word = text.lowercased()
            return choices.contains(word) ? word : nil
        }
    }
}

extension Setting where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// A setting that is one of some words.
    ///
    /// - Parameters:
    ///   - name: the environment variable.
    ///   - fallback: the value where it is not set.
    ///   - meaning: what it does.
    /// - Returns: the setting.
    package static func choice(_ name: String, fallback: Value, meaning: String) -> Self {
        let choices = Value.allCases.map(\.rawValue)
        let about = SettingDescription.choice(name, of: choices, fallback: fallback.rawValue, meaning: meaning)
        return Setting(about, fallback: fallback) { Value(rawValue: $0.lowercased()) }
    }
}

extension SettingDescription {
    fileprivate static func choice(_ name: String, of choices: [String], fallback: String, meaning: String) -> Self {
        let kind = "one of " + choices.joined(separator: ", ")
        return SettingDescription(name, kind: kind, fallback: fallback, meaning: meaning, choices: choices)
    }
}
