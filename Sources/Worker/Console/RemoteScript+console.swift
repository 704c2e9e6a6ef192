/// Scripts about a console's log, of which the PM keeps the last files: `LOG` and, older from one to the next, `LOG.0`,
/// `LOG.1` and so on.
///
/// A file is known by its inode and the time of its birth, since an inode's number is given again when a file is removed.
extension RemoteScript {
    /// What ends the names of the files, the oldest first.
    private static let endings = #".9 .8 .7 .6 .5 .4 .3 .2 .1 .0 """#
    /// How a file is known.
    private static let identity = "%i-%W"
    /// How a script ends where the file that it was to read is there no more.
    static let isMissing: Int32 = 7

    /// Prints the files, a line each with identity and length, or why there are none, then an empty line.
    static func consoleFiles(_ log: String) -> RemoteScript {
        RemoteScript(path: log, listing + "; exit 0")
    }

    /// Prints the same, then some bytes of a file.
    static func consolePage(_ log: String, of id: String, from skip: Int, count: Int) -> RemoteScript {
        RemoteScript(path: log, "\(listing); \(opening(id)); tail -c +\(skip + 1) <&3 | head -c \(count)")
    }

    private static let listing = """
        printf "\\n%s\\n" \(mark); set --; for s in \(endings); do [ -f "$p$s" ] && set -- "$@" "$p$s"; done; \
        if [ $# -gt 0 ]; then stat -L -c "\(identity) %s" "$@"; [ -r "$p" ] || echo unreadable; \
        elif [ -d "${p%/*}" ] && [ -x "${p%/*}" ]; then :; else echo unreadable; fi; printf "\\n"
        """

    /// Opens a file as 3, by whichever of the names it has.
    private static func opening(_ id: String) -> String {
        """
        k=; for s in \(endings); do [ -r "$p$s" ] || continue; exec 3<"$p$s"; \
        if [ "$(stat -L -c \(identity) /dev/fd/3)" = "\(id)" ]; then k=1; break; fi; done; \
        [ "$k" ] || exit \(isMissing)
        """
    }

    /// Prints what is in a file from a place on, and what comes then: of this file, and of those that follow it.
    ///
    /// It sees a file to its end before it goes on to the next: a file that has another name is written to no more.
    ///
    /// - Parameters:
    ///   - log: the path of the log.
    ///   - id: the file.
    ///   - skip: how many of its bytes to leave out.
    ///   - rounds: after how many looks, 5 a second, it ends.
    /// - Returns: the script.
    static func consoleFollow(_ log: String, from id: String, skip: Int, rounds: Int) -> RemoteScript {
        RemoteScript(
            path: log,
            """
            printf "\\n%s\\n" \(mark); \(opening(id)); tail -c +\(skip + 1) <&3 || exit; n=0; \
            while [ $n -lt \(rounds) ]; do n=$((n+1)); \
            if [ "$p" -ef /dev/fd/3 ]; then sleep 0.2 || sleep 1; cat <&3 || exit; continue; fi; \
            cat <&3 || exit; q=; f=; for s in \(endings); do \
            if [ "$q" ]; then f=$p$s; break; fi; [ "$p$s" -ef /dev/fd/3 ] && q=$p$s; done; \
            [ "$q" ] || exit \(isMissing); \
            if [ "$f" ] && [ -r "$f" ]; then exec 4<"$f"; \
            [ "$q" -ef /dev/fd/3 ] && exec 3<&4; exec 4<&-; cat <&3 || exit; else sleep 0.2 || sleep 1; fi; done
            """
        )
    }
}
