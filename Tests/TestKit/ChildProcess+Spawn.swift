import Foundation
import NIOConcurrencyHelpers

extension ChildProcess {
    /// A pipe from the child to this process.
    final class Pipe: Sendable {
        let writeEnd: Int32
        private let readEnd: Int32
        private let isWriteEndOpen = NIOLockedValueBox(true)

        init() throws {
            var ends: [Int32] = [-1, -1]
            // No other child may inherit it: the end of file would never come.
            guard let pipe2 = GNU.pipe2, pipe2(&ends, O_CLOEXEC) == 0 else {
                throw TestKitError("cannot make a pipe: \(String(cString: strerror(errno)))")
            }
            readEnd = ends[0]
            writeEnd = ends[1]
        }

        deinit {
            closeWriteEnd()
            close(readEnd)
        }

        func closeWriteEnd() {
            isWriteEndOpen.withLockedValue { isOpen in
                if isOpen { close(writeEnd) }
                isOpen = false
            }
        }

        /// Reads until the end of file; blocks.
        func readLines(_ take: (String) -> Void) {
            var rest: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 16 * 1024)
            while true {
                let count = read(readEnd, &chunk, chunk.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                rest += chunk[..<count]
                while let end = rest.firstIndex(of: 10) {
                    take(String(decoding: rest[..<end], as: UTF8.self))
                    rest.removeSubrange(...end)
                }
            }
            if !rest.isEmpty { take(String(decoding: rest, as: UTF8.self)) }
        }
    }

    /// What posix_spawn is to start.
    struct Spawn {
        let path: String
        let arguments: [String]
        let environment: [String: String]
        let directory: String?
        let input: String
        let output: Int32
        let error: Int32

        func start() throws -> pid_t {
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
            posix_spawn_file_actions_adddup2(&actions, output, 1)
            posix_spawn_file_actions_adddup2(&actions, error, 2)
            guard GNU.addCloseFrom?(&actions, 3) == 0 else { throw TestKitError("glibc 2.34 or later is needed") }
            if let directory, GNU.addChangeDirectory?(&actions, directory) != 0 {
                throw TestKitError("cannot start \(path) in \(directory)")
            }

            var attributes = posix_spawnattr_t()
            posix_spawnattr_init(&attributes)
            defer { posix_spawnattr_destroy(&attributes) }
            // The child starts with no signal blocked or ignored, whatever this process does with them. It stays in
            // this process's group, so that a Ctrl-C at the terminal ends it, too.
            var none = sigset_t()
            sigemptyset(&none)
            var all = sigset_t()
            sigfillset(&all)
            posix_spawnattr_setsigmask(&attributes, &none)
            posix_spawnattr_setsigdefault(&attributes, &all)
            posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

            let argv = CStrings(arguments)
            let envp = CStrings(environment.map { "\($0.key)=\($0.value)" })
            defer {
                argv.free()
                envp.free()
            }
            var pid: pid_t = 0
            let code = posix_spawn(&pid, path, &actions, &attributes, argv.pointers, envp.pointers)
            guard code == 0 else {
                throw TestKitError("cannot start \(path): \(String(cString: strerror(code)))")
            }
            return pid
        }
    }

    /// Strings in the form of `argv`; to be freed by hand.
    private struct CStrings {
        let pointers: [UnsafeMutablePointer<CChar>?]

        init(_ strings: [String]) {
            pointers = strings.map { strdup($0) } + [nil]
        }

        func free() {
            for pointer in pointers { Foundation.free(pointer) }
        }
    }
}
