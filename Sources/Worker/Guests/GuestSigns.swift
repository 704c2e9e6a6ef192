import Model

/// What is asked of a PM about a guest that boots.
struct GuestQuestion: Hashable, Sendable {
    let vm: VMID
    /// Where its ssh server is tried; nil for nowhere.
    var address: IPAddress?
    /// The file on the PM that has its console; nil for none.
    var console: String?
    /// From which byte of that file on it is read.
    var offset = 0

    /// How many are asked by one command: what a PM prints is bounded.
    static let most = 24

    /// As the command takes it.
    fileprivate var words: [String] { [vm.description, address?.canonical ?? "-", console ?? "-", String(offset)] }
}

/// What a PM has seen of guests that boot.
struct GuestSigns: Hashable, Sendable {
    /// What is to be read of a guest's console.
    enum Console: Hashable, Sendable {
        /// How long its file is, and what its new part has of cloud-init.
        case read(length: Int, lines: [String])
        case missing
        /// Not by this user.
        case unreadable
    }

    /// By the PM's clock, in seconds since 1970.
    var time: Int?
    var banners: [VMID: String] = [:]
    var consoles: [VMID: Console] = [:]
    /// Whether the PM can try ssh servers at all.
    var triesServers = true
}

extension GuestSigns {
    /// Asks a PM, by one command for some guests at once.
    ///
    /// - Throws: `Failure`.
    init(of questions: [GuestQuestion], by probe: any HostProbe) async throws(Failure) {
        self.init()
        var rest = questions[...]
        while !rest.isEmpty {
            let batch = rest.prefix(GuestQuestion.most)
            rest = rest.dropFirst(GuestQuestion.most)
            read(try await probe.run(Self.script, with: batch.flatMap(\.words)))
        }
    }

    private static let beginMark = "hvc-guests-1-begin-5c20e7d1"

    /// Tries ssh servers, all at once and for 2 s, and then reads consoles.
    ///
    /// It only reads. As `HostMeasure.script` it is a constant on one line without quotes of the single kind, exclamation
    /// marks and backslashes, so that every login shell hands it on as it is. What guests say is printed behind a word
    /// of ours on the same line, so that none of it is taken for an answer about another guest.
    ///
    /// A console is read from a few KiB before where it ended last, so that a line that was cut then is read whole now. A
    /// file that is shorter than it was has been rotated (virtlogd): the rest of the last one comes first.
    static let script = """
        LC_ALL=C; export LC_ALL; set -f; echo; echo \(beginMark); echo @time $(date +%s); \
        command -v bash >/dev/null || echo @nobash; \
        b() { [ $2 = - ] || echo @ssh $1 $(timeout 2 bash -c "head -n 1 </dev/tcp/$2/22" 2>/dev/null | head -c 200 | \
        tr -cd " -[]-~") & }; \
        s() { while [ $# -ge 4 ]; do b $1 $2; shift 4; done; wait; }; \
        c() { f=$1 o=$2; [ $3 -ge $o ] || { tail -c +$((o+1)) $f.0; o=0; }; tail -c +$((o+1)) $f; }; \
        l() { [ $2 = - ] && return; if [ -r $2 ]; then n=$(wc -c <$2); \
        c $2 $3 $n 2>/dev/null | grep -aE "\(pattern)" | tail -n 8 | cut -b 1-240 | sed "s/^/@log $1 /"; \
        echo; echo @size $1 $n; elif [ -x ${2%/*} ] && [ -z "$(ls $2 2>/dev/null)" ]; \
        then echo @none $1; else echo @denied $1; fi; }; \
        echo "$(s "$@")"; while [ $# -ge 4 ]; do l $1 $3 $4; shift 4; done
        """

    /// What a line must have to be of cloud-init's, or of the tiny guest's in its place.
    private static let pattern =
        "(loud-init v|hvc-guest: v)[.].*(finished at|running )|[.]py[[](WARNING|ERROR|CRITICAL)[]]|"
        + "hvc-guest: [[]WARNING|cloud-init.*status: error"

    /// Reads what `script` printed.
    mutating func read(_ output: String) {
        // By scalars: as characters, CRLF is one and would not be found.
        var lines = output.unicodeScalars.split(separator: "\n").map { Substring($0) }[...]
        while let first = lines.first, !first.hasPrefix(Self.beginMark) { lines.removeFirst() }
        var logs: [VMID: [String]] = [:]
        for line in lines.dropFirst() {
            let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            switch words.first {
            case "@nobash": triesServers = false
            case "@time": time = words.dropFirst().first.flatMap { Int($0) }
            default: break
            }
            guard words.count >= 2, let vm = VMID(words[1]) else { continue }
            let rest = words.count == 3 ? words[2] : ""
            switch words[0] {
            case "@ssh" where rest.hasPrefix("SSH-"): banners[vm] = PrintableText.line(rest, limit: 100)
            case "@log": logs[vm, default: []].append(String(rest))
            case "@size": if let length = Int(rest) { consoles[vm] = .read(length: length, lines: logs[vm] ?? []) }
            case "@none": consoles[vm] = .missing
            case "@denied": consoles[vm] = .unreadable
            default: break
            }
        }
    }
}
