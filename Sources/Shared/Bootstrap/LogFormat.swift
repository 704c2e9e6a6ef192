/// How log lines are written.
package enum LogFormat: String, CaseIterable, Sendable {
    /// Time, level, program, message, `key=value`s: for people.
    case text
    /// An object of JSON a line: for what collects logs.
    case json
}
