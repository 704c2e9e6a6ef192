/// The series of a process at one moment; workers publish theirs in this form.
package struct MetricsSnapshot: Codable, Hashable, Sendable {
    package var series: [Series]

    package init(series: [Series] = []) { self.series = series }

    package struct Series: Codable, Hashable, Sendable {
        /// The name of its family.
        package let name: String
        /// The values of the family's labels.
        package let values: [String]
        package let value: Value

        package init(name: String, values: [String], value: Value) {
            (self.name, self.values, self.value) = (name, values, value)
        }

        private enum CodingKeys: String, CodingKey {
            case name = "n"
            case values = "l"
            case value = "v"
        }
    }

    package enum Value: Codable, Hashable, Sendable {
        case number(Double)
        /// Times: how many lie in each range, the last of which has no end, and their sum in seconds.
        case times(counts: [Int], sum: Double)

        private enum CodingKeys: String, CodingKey {
            case counts = "c"
            case sum = "s"
        }

        package init(from decoder: any Decoder) throws {
            if let number = try? decoder.singleValueContainer().decode(Double.self) {
                self = .number(number)
                return
            }
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            self = .times(
                counts: try fields.decode([Int].self, forKey: .counts),
                sum: try fields.decode(Double.self, forKey: .sum)
            )
        }

        package func encode(to encoder: any Encoder) throws {
            switch self {
            case .number(let number):
                var container = encoder.singleValueContainer()
                try container.encode(number)
            case .times(let counts, let sum):
                var fields = encoder.container(keyedBy: CodingKeys.self)
                try fields.encode(counts, forKey: .counts)
                try fields.encode(sum, forKey: .sum)
            }
        }
    }
}
