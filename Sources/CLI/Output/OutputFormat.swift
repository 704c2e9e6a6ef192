import ArgumentParser

/// The form in which results are written.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    /// For people.
    case table
    /// The same with more columns.
    case wide
    case json
    /// An object a line.
    case jsonl
    case yaml
    case csv
    /// A name a line.
    case name

    /// Whether programs read it: errors are objects then.
    var isForPrograms: Bool { self == .json || self == .jsonl || self == .yaml }
    /// Whether it shows columns.
    var hasColumns: Bool { self == .table || self == .wide || self == .csv }
}
