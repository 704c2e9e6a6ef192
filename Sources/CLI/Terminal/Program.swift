import Glibc

/// Another program in place of this one.
enum Program {
    /// Runs a program, found in PATH, in place of this one.
    ///
    /// - Parameter words: its name and its arguments.
    /// - Returns: why that failed; where it does not fail this does not return.
    static func replace(with words: [String]) -> CommandFailure {
        signal(SIGINT, SIG_DFL)
        var pointers = unsafe words.map { word in unsafe strdup(word) }
        unsafe pointers.append(nil)
        defer { for index in unsafe pointers.indices { unsafe free(pointers[index]) } }
        _ = unsafe execvp(words[0], pointers)
        let reason = unsafe String(cString: strerror(errno))
        return CommandFailure(
            .failed,
            code: "no_program",
            "\(words[0]) cannot be run: \(reason)",
            next: ["apt install openssh-client"]
        )
    }
}
