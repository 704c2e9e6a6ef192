import Model

/// The names of all `HVC_` variables: those that neither program nor a script reads are probably misspelt.
package enum SettingNames {
    static let ofPrograms: Set<String> = [
        "HVC_API_TOKEN",
        "HVC_API_TOKEN_FILE",
        "HVC_AUDIT_LIMIT",
        "HVC_AUTOSTART",
        "HVC_CELL",
        "HVC_CONNECTIONS",
        "HVC_DISCOVERY_PERIOD",
        "HVC_EXPLANATION_HISTORY",
        "HVC_FLAVOR_FILE",
        "HVC_FLEET",
        "HVC_GRACE",
        "HVC_HOST",
        "HVC_IMAGE_CACHE",
        "HVC_IMAGE_CACHE_GIB",
        "HVC_IMAGE_FILE",
        "HVC_IMAGE_ROOTS",
        "HVC_JOB_HISTORY",
        "HVC_JOB_HISTORY_MIB",
        "HVC_LEASE",
        "HVC_LOG_FORMAT",
        "HVC_LOG_LEVEL",
        "HVC_METRICS_VMS",
        "HVC_NETWORK",
        "HVC_NETWORKS_FILE",
        "HVC_OVERCOMMIT_CPU",
        "HVC_OVERCOMMIT_DISK",
        "HVC_OVERCOMMIT_RAM",
        "HVC_PM_FILE",
        "HVC_POLICY",
        "HVC_POLICY_WEIGHTS",
        "HVC_PORT",
        "HVC_PREFIX",
        "HVC_PROBE_TIMEOUT",
        "HVC_QUEUE_LIMIT",
        "HVC_RATE_LIMIT",
        "HVC_REDIS_PASSWORD",
        "HVC_REDIS_PASSWORD_FILE",
        "HVC_REDIS_URL",
        "HVC_ROOM_WAIT",
        "HVC_SEED",
        "HVC_SLOTS",
        "HVC_SSH_KEYS",
        "HVC_TLS_CERT_FILE",
        "HVC_TLS_KEY_FILE",
        "HVC_TOKEN_HISTORY",
        "HVC_WAIT",
        "HVC_WAITING_CALLERS",
        "HVC_WEBHOOK_CA_FILE",
        "HVC_WEBHOOK_HTTP",
        "HVC_WEBHOOK_NETWORKS",
        "HVC_WORKER_NAME",
    ]
    /// What bin/ and docker-compose.yml read; the programs see it where it is exported.
    static let ofScripts: Set<String> = [
        "HVC_CACHE_DIR",
        "HVC_CALLER_PATH",
        "HVC_GATEWAY_CPUS",
        "HVC_GATEWAY_MEMORY",
        "HVC_IMAGE_FOLDER",
        "HVC_KNOWN_HOSTS_FILE",
        "HVC_PROJECT",
        "HVC_PUBLISH",
        "HVC_REDIS_CPUS",
        "HVC_REDIS_MAXMEMORY",
        "HVC_REDIS_MEMORY",
        "HVC_SSH_KEY_FILE",
        "HVC_WORKERS",
        "HVC_WORKER_CPUS",
        "HVC_WORKER_MEMORY",
    ]
    private static let families = ["HVC_HOSTS_", "HVC_TEST_"]

    /// Warnings of variables that nobody reads.
    ///
    /// - Parameters:
    ///   - environment: the variables.
    ///   - own: the settings of the program that asks.
    /// - Returns: a message for each, by name.
    package static func warnings(
        for environment: [String: String],
        own: [SettingDescription] = []
    ) -> [String] {
        let known = ofPrograms.union(ofScripts).union(own.flatMap(\.names))
        return environment.keys.sorted().compactMap { name in
            guard name.hasPrefix(prefix), !known.contains(name), !families.contains(where: name.hasPrefix) else {
                return nil
            }
            // What all names share makes none of them nearer.
            let nearest = known.sorted().map { String($0.dropFirst(prefix.count)) }
                .nearest(to: String(name.dropFirst(prefix.count)))
            return "\(name) is no setting" + (nearest.map { "; did you mean \(prefix)\($0)?" } ?? ": leave it out")
        }
    }

    private static let prefix = "HVC_"
}

extension SettingDescription {
    /// The variables by which it is set.
    var names: [String] { isSecret ? [name, name + "_FILE"] : [name] }
}
