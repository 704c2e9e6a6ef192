import ArgumentParser

// Kinds of objects that are only shown.

struct Images: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image",
        abstract: "Shows what VMs start from.",
        subcommands: [ListCommand<ImageNoun>.self, GetCommand<ImageNoun>.self]
    )
}

struct Types: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "type",
        abstract: "Shows the sizes of VMs.",
        subcommands: [ListCommand<TypeNoun>.self, GetCommand<TypeNoun>.self]
    )
}

struct Networks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "network",
        abstract: "Shows what VMs may be attached to.",
        subcommands: [ListCommand<NetworkNoun>.self]
    )
}

struct Groups: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group",
        abstract: "Shows the groups of VMs.",
        subcommands: [ListCommand<GroupNoun>.self]
    )
}

struct Workers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Shows the workers.",
        subcommands: [ListCommand<WorkerNoun>.self]
    )
}

struct AuditLog: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Shows who changed what.",
        subcommands: [ListCommand<AuditNoun>.self],
        defaultSubcommand: ListCommand<AuditNoun>.self
    )
}
