import Foundation
import Logging
import Model
import Placement
import Store

/// Makes this worker known before its first act: no two that live may share a name, and all must share some settings.
struct WorkerRegistrar: Sendable {
    let store: Store
    let worker: WorkerRecord
    let lease: Duration
    let logger: Logger

    /// The record of a worker with these settings, of this process.
    static func record(of settings: WorkerSettings) -> WorkerRecord {
        let process = ProcessInfo.processInfo
        var fields = [
            "host": process.hostName, "pid": "\(process.processIdentifier)",
            "started_at": Date.now.formatted(.iso8601),
        ]
        fields["slots"] = "\(settings.slots)"
        fields["process"] = ProcessIdentity.current?.text
        // Workers of schema 0 compare this setting with theirs before they start, and show both in their refusal.
        fields["autostart"] = "unknown to workers of an earlier release, which must not run beside this one"
        let policy = settings.policy.choice
        return WorkerRecord(
            name: settings.name,
            instance: UUID().uuidString.lowercased(),
            settings: [
                "schema": "\(RecordSchema.current)", "lease_ms": "\(settings.lease.milliseconds)",
                "policy": policy.name,
                "policy_weights": policy.weightsText, "cell": settings.cell,
                "restart": settings.startsAgain ? "on" : "off",
            ],
            fields: fields
        )
    }

    /// Registers; where a worker stands in the way that may have died without a word, waits until its lease is over.
    ///
    /// - Throws: `Failure` with `invalidRequest` where a live worker has the name or other settings.
    func register() async throws(Failure) {
        // A start that is tried again finds the record that it made.
        var ended: Set = [worker.instance]
        var seen: [String: Int] = [:]
        while true {
            let outcome = try await store.register(worker, lifetime: lease * 3, knownToHaveEnded: ended)
            let (other, refusal): (WorkerRegistration.Other, Failure)
            switch outcome {
            case .registered: return
            case .taken(let found): (other, refusal) = (found, taken(by: found))
            case .differs(let found, let setting): (other, refusal) = (found, differs(setting, from: found))
            }
            let instance = other.fields["instance"] ?? ""
            let hasEnded = other.fields["process"].flatMap { ProcessIdentity(text: $0).hasEnded }
            if hasEnded == true {
                ended.insert(instance)
                continue
            }
            // Another sign of life since it was seen first.
            if hasEnded == false || seen[instance].map({ $0 < other.seen }) ?? false { throw refusal }
            if seen[instance] == nil {
                logger.notice(
                    "waiting for a worker that may have died: its lease ends, or it shows that it lives",
                    metadata: ["refused_if_alive": "\(refusal.message)"]
                )
            }
            seen[instance] = other.seen
            do { try await Task.sleep(for: min(lease / 6, .seconds(1))) } catch {
                throw Failure(.deadline, "the start was given up")
            }
        }
    }

    /// Keeps the name for as long as what the worker does before its first job takes.
    ///
    /// - Throws: `Failure` with `leaseLost` where another worker has it.
    func announce() async throws(Failure) {
        guard try await store.announce(worker, jobs: 0, lifetime: lease * 3) else {
            throw Failure(.leaseLost, "another worker has taken the name \(worker.name)")
        }
    }

    /// Gives the name back; where another worker has it, nothing is changed.
    func leave() async {
        do throws(Failure) { try await store.unregister(worker) } catch {
            logger.warning("the worker's name stays taken until its lease is over", metadata: ["error": "\(error)"])
        }
    }

    private func taken(by other: WorkerRegistration.Other) -> Failure {
        Failure(
            .invalidRequest,
            "a worker named \(worker.name) is alive since \(since(other)): give this one another HVC_WORKER_NAME"
        )
    }

    private func differs(_ setting: String, from other: WorkerRegistration.Other) -> Failure {
        if setting == "schema" {
            return Failure(
                .invalidRequest,
                "worker \(other.fields["name"] ?? "?") is of another release, whose records are of schema "
                    + "\(other.fields["schema"] ?? "0"), and this one's are of schema \(RecordSchema.current): stop all workers of "
                    + "that release before you start one of this; it is alive since \(since(other))"
            )
        }
        let name = Self.variables[setting] ?? setting
        func shown(_ value: String?) -> String {
            // The record has milliseconds, and the variable seconds.
            guard setting == "lease_ms", let milliseconds = value.flatMap(Double.init) else { return value ?? "" }
            return (milliseconds / 1000).formatted(.number.grouping(.never).locale(Locale(identifier: "en_US_POSIX")))
        }
        return Failure(
            .invalidRequest,
            "worker \(other.fields["name"] ?? "?") has \(name)=\(shown(other.fields[setting])), and this one has "
                + "\(name)=\(shown(worker.settings[setting])): all workers that run at the same time must share it; it is "
                + "alive since \(since(other))"
        )
    }

    private func since(_ other: WorkerRegistration.Other) -> String {
        let fields = other.fields
        return "\(fields["started_at"] ?? "?"), on host \(fields["host"] ?? "?") pid \(fields["pid"] ?? "?")"
    }

    /// The variables by which the settings are set.
    private static let variables = [
        "lease_ms": "HVC_LEASE", "policy": "HVC_POLICY", "policy_weights": "HVC_POLICY_WEIGHTS", "cell": "HVC_CELL",
        "restart": "HVC_AUTOSTART",
    ]
}
