import ArgumentParser
import Model

// Values of the model as they stand on a command line.

extension Identifier: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

extension ProjectName: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

extension AccessRole: ExpressibleByArgument {}

extension QueueRuleAction: ExpressibleByArgument {}
