import Bootstrap
import Model
import Store

/// The gateway's settings, from its environment.
struct GatewaySettings: Sendable {
    let common: CommonSettings
    let host: String
    let port: Int
    let token: String
    let wait: Duration
    let waitingCallers: Int
    let grace: Duration
    let connections: Int
    let queueLimit: Int
    /// The longest time for which a create may wait for room.
    let roomWait: Duration
    let metricsVMs: Int
    let rateLimit: Int
    /// Where what is remembered of tokens is kept; nil for nowhere.
    let tokenHistory: String?
    /// What seed disk VMs get for which callers ask nothing.
    let seed: SeedKind
    /// Public keys for guests whose creates name none; nil for none.
    let sshKeysFile: String?
    /// Nil for plain HTTP.
    let certificateFiles: CertificateFiles?
    /// What is odd or unsafe about the environment but does not stop the program.
    let warnings: [String]

    private static let hostSetting = Setting<String>.text(
        "HVC_HOST",
        kind: "an address of this machine",
        fallback: "127.0.0.1",
        meaning: "Where the gateway listens. Any address but loopback wants HVC_API_TOKEN."
    )
    private static let portSetting = Setting<Int>.number(
        "HVC_PORT",
        in: 0...65535,
        fallback: 8080,
        meaning: "The port on which the gateway listens; 0 takes a free one and logs it."
    )
    private static let tokenSetting = Setting<String>(
        SettingDescription(
            "HVC_API_TOKEN",
            kind: "a token of printable ASCII without blanks",
            fallback: "",
            meaning: "Where it is set, each call needs the header `Authorization: Bearer TOKEN`.",
            isSecret: true
        ),
        fallback: ""
    ) { text in
        // No header carries others.
        text.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? text : nil
    }
    /// Shorter tokens can be guessed.
    private static let shortestSafeToken = 16
    private static let waitSetting = Setting<Duration>.seconds(
        "HVC_WAIT",
        in: 0...3600,
        fallback: 60,
        meaning: "How long create and destroy wait for their outcome before they answer 202."
    )
    private static let waitingCallersSetting = Setting<Int>.number(
        "HVC_WAITING_CALLERS",
        in: 1...1_000_000,
        fallback: 10_000,
        meaning: "How many callers may wait for the outcome of their jobs at once; others are refused with Retry-After."
    )
    private static let graceSetting = Setting<Duration>.seconds(
        "HVC_GRACE",
        in: 0...3600,
        fallback: 25,
        meaning: "How long a graceful stop may take."
    )

    private static let connectionsSetting = Setting<Int>.number(
        "HVC_CONNECTIONS",
        in: 1...60_000,
        fallback: 10_000,
        meaning: "How many connections there may be at once, as far as the limit of open files has room."
    )
    private static let queueLimitSetting = Setting<Int>.number(
        "HVC_QUEUE_LIMIT",
        in: 1...10_000_000,
        fallback: Store.defaultQueueLimit,
        meaning:
            "How many jobs may wait: on the queue, back on it, or deferred. Beyond them creates and holds are refused "
            + "(`queue_full`), and destroys are not."
    )
    private static let roomWaitSetting = Setting<Duration>.seconds(
        "HVC_ROOM_WAIT",
        in: 1...2_592_000,
        fallback: 86_400,
        meaning: "The longest time for which a create with `when_full: wait` may wait for room."
    )
    private static let metricsVMsSetting = Setting<Int>.number(
        "HVC_METRICS_VMS",
        in: 0...1_000_000,
        fallback: 10_000,
        meaning: "Of how many VMs `/metrics` has `hvc_vm_info`; those beyond them are counted in `hvc_vm_info_omitted`."
    )

    private static let rateLimitSetting = Setting<Int>.number(
        "HVC_RATE_LIMIT",
        in: 0...1_000_000,
        fallback: 0,
        meaning:
            "How many calls a second each token may make (`rate_limited` beyond, for two seconds' worth at once); 0 for any."
    )

    private static let tokenHistorySetting = Setting<String>.text(
        "HVC_TOKEN_HISTORY",
        kind: "a file",
        fallback: "",
        meaning:
            "Where the gateway keeps digests of the tokens that it has known, so that at its start it notices a Redis that went "
            + "back to an older copy of its data. Empty for nowhere; scripts and units set it."
    )
    private static let seedSetting = Setting<SeedKind>.choice(
        "HVC_SEED",
        fallback: .nocloud,
        meaning:
            "Whether VMs get a seed disk for cloud-init where their creates ask nothing of it; `none` saves it, and leaves stock "
            + "images to look for one for minutes."
    )
    private static let sshKeysSetting = Setting<String>.text(
        "HVC_SSH_KEYS",
        kind: "a file of the form of authorized_keys",
        fallback: "",
        meaning:
            "The SSH keys that may log in to VMs whose creates name none; SIGHUP has it read anew. Options are not taken."
    )

    private static let certificateSetting = Setting<String>.text(
        "HVC_TLS_CERT_FILE",
        kind: "a PEM file",
        fallback: "",
        meaning:
            "The gateway's certificate and the chain above it, for HTTPS; SIGHUP has it read anew. Empty for plain HTTP."
    )
    private static let keySetting = Setting<String>.text(
        "HVC_TLS_KEY_FILE",
        kind: "a PEM file",
        fallback: "",
        meaning: "The key of that certificate, without a passphrase."
    )

    /// The settings, for `--help` and the docs.
    static var descriptions: [SettingDescription] {
        [
            hostSetting.about, portSetting.about, tokenSetting.about, waitSetting.about, waitingCallersSetting.about,
            graceSetting.about, connectionsSetting.about, queueLimitSetting.about,
            roomWaitSetting.about,
            metricsVMsSetting.about, rateLimitSetting.about, tokenHistorySetting.about, seedSetting.about,
            sshKeysSetting.about, certificateSetting.about, keySetting.about,
        ] + CommonSettings.descriptions
    }

    /// Reads the settings.
    ///
    /// - Parameter environment: the variables.
    /// - Throws: `InvalidInput` with all that is wrong with them.
    init(environment: [String: String]) throws(InvalidInput) {
        var reader = SettingsReader(environment: environment)
        common = CommonSettings(from: &reader)
        host = reader.value(Self.hostSetting)
        port = reader.value(Self.portSetting)
        token = reader.value(Self.tokenSetting)
        wait = reader.value(Self.waitSetting)
        waitingCallers = reader.value(Self.waitingCallersSetting)
        grace = reader.value(Self.graceSetting)
        connections = reader.value(Self.connectionsSetting)
        queueLimit = reader.value(Self.queueLimitSetting)
        roomWait = reader.value(Self.roomWaitSetting)
        metricsVMs = reader.value(Self.metricsVMsSetting)
        rateLimit = reader.value(Self.rateLimitSetting)
        let history = reader.value(Self.tokenHistorySetting)
        tokenHistory = history.isEmpty ? nil : history
        seed = reader.value(Self.seedSetting)
        let keysFile = reader.value(Self.sshKeysSetting)
        sshKeysFile = keysFile.isEmpty ? nil : keysFile
        let (certificate, key) = (reader.value(Self.certificateSetting), reader.value(Self.keySetting))
        certificateFiles =
            certificate.isEmpty || key.isEmpty ? nil : CertificateFiles(certificate: certificate, key: key)
        warnings =
            SettingNames.warnings(for: environment, own: Self.descriptions)
            + Self.descriptions.secretWarnings(in: environment) + Self.warnings(ofToken: token, on: host)
        if !Self.isLoopback(host), token.isEmpty {
            let reason = "HVC_HOST=\(host) opens the API to other machines"
            reader.note([Failure(.invalidRequest, "\(reason): set HVC_API_TOKEN too, or listen on 127.0.0.1")])
        }
        if certificate.isEmpty != key.isEmpty {
            reader.note([
                Failure(.invalidRequest, "HVC_TLS_CERT_FILE and HVC_TLS_KEY_FILE go together: set both, or neither")
            ])
        }
        if let certificateFiles {
            do throws(Failure) { _ = try TransportSecurity(certificateFiles) } catch { reader.note([error]) }
        }
        do throws(Failure) { _ = try InstallationKeys(path: sshKeysFile) } catch { reader.note([error]) }
        try reader.finish()
    }

    private static func warnings(ofToken token: String, on host: String) -> [String] {
        guard !isLoopback(host), token.utf8.count < shortestSafeToken else { return [] }
        return ["HVC_API_TOKEN has fewer than \(shortestSafeToken) characters and can be guessed: take a longer one"]
    }

    private static func isLoopback(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        let isIPv4 = parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
        return host == "localhost" || host == "::1" || (isIPv4 && parts[0] == "127")
    }
}
