import ArgumentParser

/// `hvctl completion`: completion for shells, which asks the gateway for names.
struct Completion: AsyncParsableCommand {
    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish
    }

    static let configuration = CommandConfiguration(
        abstract: "Prints what makes a shell complete commands, options and names.",
        discussion: """
            bash: hvctl completion bash > /etc/bash_completion.d/hvctl
            zsh: hvctl completion zsh > "${fpath[1]}/_hvctl"
            fish: hvctl completion fish > ~/.config/fish/completions/hvctl.fish
            """
    )

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() async throws {
        guard let shell = CompletionShell(rawValue: shell.rawValue) else { return }
        Terminal.current.write(HVCtl.completionScript(for: shell) + "\n")
    }
}
