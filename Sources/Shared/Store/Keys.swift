package import Model

/// Every Redis key, built in one place; docs/redis.md describes each.
package struct Keys: Hashable, Sendable {
    /// What every key starts with: `hvc:`, or with braces (`{eu1}:`) so that a cell lies in one cluster slot.
    package let prefix: String

    /// Keys under a prefix.
    ///
    /// - Parameter prefix: what every key starts with.
    package init(prefix: String = "hvc:") {
        self.prefix = prefix
    }

    /// List: the accepted jobs that are to take capacity, newest left, oldest right; each a line of JSON.
    package var queue: String { prefix + "queue" }
    /// Sorted set: entries that came back to that queue, by the numbers of their jobs.
    package var returned: String { prefix + "queue:returned" }
    /// List: the accepted jobs that take no capacity, newest left, oldest right.
    package var direct: String { prefix + "queue:direct" }
    /// Hash: why workers take no jobs, and since when; there only while they take none.
    package var queuePause: String { prefix + "queue:paused" }
    /// Hash: the rules for jobs, by the jobs for which they are, each as JSON.
    package var queueRules: String { prefix + "queue:rules" }
    /// Sorted set: the creates that wait for room, by number.
    package var roomWaiters: String { prefix + "queue:room" }
    /// Sorted set: the batches that were accepted, by number.
    package var batches: String { prefix + "batches" }
    /// Sorted set: the batches of a project, by number.
    package func batches(of project: ProjectName) -> String { batches + ":project:\(project)" }
    /// Sorted set: the jobs that workers hold, by the end of their lease in ms.
    package var leases: String { prefix + "leases" }
    /// Sorted set: the deferred jobs, by the time in ms at which they are due.
    package var delayed: String { prefix + "delayed" }
    /// Sorted set: the holds, by the time in ms at which they end.
    package var holds: String { prefix + "holds" }
    /// Hash: the placement policy of the workers.
    package var policy: String { prefix + "policy" }
    /// String: there for as long as nobody need compare processing lists with leases.
    package var repair: String { prefix + "repair" }
    /// Sorted set: UUIDs of VMs that were forgotten within the last ten minutes, by when, in ms.
    package var tombstones: String { prefix + "tombstones" }
    /// String: of which form the records are.
    package var schema: String { prefix + "schema" }
    /// List: entries given up, newest left, each a line of JSON with the reason.
    package var dead: String { prefix + "dead" }
    /// Sorted set: the keys that clients gave their requests, by when they were accepted, in ms.
    package var idempotency: String { prefix + "idempotency" }
    /// Sorted set: words by which jobs are found, in the order of their numbers.
    package var jobs: String { prefix + "jobs" }
    /// List: the jobs that ended and have a record still, newest left, each with the bytes of all up to it.
    package var endedJobs: String { prefix + "jobs:ended" }
    /// Stream: what happened, for everybody who follows.
    package var events: String { prefix + "events" }
    /// Stream: the requests that got no place, for those who plan capacity.
    package var refusals: String { prefix + "refusals" }
    /// Hash: the last number given of each kind, and the versions of the fleet.
    package var counters: String { prefix + "counters" }
    /// Sorted set: PMs by the version of the fleet at which they changed last.
    package var fleet: String { prefix + "fleet" }
    /// Hash: which PMs lead to a machine, by the machine's identity.
    package var identities: String { prefix + "identities" }
    /// Sorted set: PMs that answered their last probe, or had none, by the time in ms at which the next one is due.
    package var discovery: String { prefix + "discovery" }
    /// Sorted set: PMs that did not answer their last probe, by the time in ms at which the next one is due.
    package var discoveryDown: String { prefix + "discovery:down" }
    /// Sorted set: the VMs there are.
    package var vms: String { prefix + "vms" }
    /// Sorted set: what VMs are found by, each with the VM's number, in the order of the text.
    package var vmIndex: String { prefix + "vms:index" }
    /// Hash: the networks that requests may name.
    package var networks: String { prefix + "networks" }
    /// Sorted set: the groups that there are, in the order of their names.
    package var groups: String { prefix + "groups" }
    /// Sorted set: the PMs that are listed.
    package var pms: String { prefix + "pms" }
    /// Sorted set: the types that are listed.
    package var types: String { prefix + "types" }
    /// Sorted set: the images that are listed.
    package var images: String { prefix + "images" }
    /// Stream: who changed what by the API.
    package var audit: String { prefix + "audit" }
    /// List: the entries of that stream that are sealed, each with its seal, the oldest left.
    package var auditSeals: String { prefix + "audit:seals" }
    /// Hash: where the chain of those seals begins and ends.
    package var auditChain: String { prefix + "audit:chain" }
    /// Sorted set: the projects, in the order of their names.
    package var projects: String { prefix + "projects" }
    /// Sorted set: the SSH keys with names, as `project/name`, in that order.
    package var sshKeys: String { prefix + "ssh-keys" }
    /// Sorted set: the tokens that administrators have made, by number.
    package var tokens: String { prefix + "tokens" }
    /// String: there while those tokens are refused, with why.
    package var suspendedTokens: String { prefix + "tokens:suspended" }
    /// Sorted set: the webhooks, by number.
    package var webhooks: String { prefix + "webhooks" }
    /// Sorted set: the webhooks of a project, by number.
    package func webhooks(of project: ProjectName) -> String { webhooks + ":project:\(project)" }
    /// Sorted set: workers by the time in ms of their last heartbeat.
    package var workers: String { prefix + "workers" }

    /// Hash: which number each address, path or size was given, for ever.
    package func numbers(of kind: CatalogKind) -> String { prefix + kind.rawValue + ":numbers" }
    /// List: the jobs that a worker holds.
    package func processing(_ worker: String) -> String { prefix + "processing:" + worker }
    /// Hash: a worker; expires when its heartbeats stop.
    package func worker(_ name: String) -> String { prefix + "worker:" + name }
    /// List: how long the latest jobs of a kind took, `MS` or `MS image`.
    package func durations(of kind: Job.Kind) -> String { prefix + "durations:" + kind.rawValue }
    /// String: what a worker counted, as JSON; gone by itself when it publishes no more.
    package func metrics(of worker: String) -> String { prefix + "metrics:" + worker }
    /// Sorted set: the jobs that a rule defers, by their numbers.
    package func deferred(by scope: QueueRuleScope) -> String { prefix + "queue:deferred:" + scope.words }
    /// Hash: a project: its quotas, and what its VMs need together.
    package func project(_ name: ProjectName) -> String { prefix + "project:\(name)" }
    /// Hash: an SSH key with a name.
    package func sshKey(_ name: SSHKeyName, of project: ProjectName) -> String { sshKey("\(project)/\(name)") }
    /// Hash: an SSH key with a name, by `project/name`.
    func sshKey(_ id: String) -> String { prefix + "ssh-key:" + id }
    /// Hash: a batch.
    package func batch(_ id: BatchID) -> String { prefix + "batch:\(id)" }
    /// Hash: a token, without the token itself.
    package func token(_ id: TokenID) -> String { prefix + "token:\(id)" }
    /// Hash: a webhook, with its secret.
    package func webhook(_ id: WebhookID) -> String { prefix + "webhook:\(id)" }
    /// Hash: a message to a webhook.
    package func delivery(_ number: DeliveryID, of id: WebhookID) -> String { webhook(id) + ":delivery:\(number)" }
    /// Hash: a job.
    package func job(_ id: JobID) -> String { prefix + "job:\(id)" }
    /// Hash: the steps that a job has taken, by number, each a line of JSON.
    package func steps(of id: JobID) -> String { prefix + "job:\(id):steps" }
    /// String: how the place of a job was chosen, as JSON.
    package func explanation(of id: JobID) -> String { job(id) + ":explanation" }
    /// Hash: a VM.
    package func vm(_ id: VMID) -> String { prefix + "vm:\(id)" }
    /// Hash: what a VM's seed disk is made of, until the VM's create has ended.
    package func seed(of id: VMID) -> String { prefix + "vm:\(id):seed" }
    /// Hash: where the files of a VM's console log begin, and its runs in them.
    package func console(of id: VMID) -> String { prefix + "vm:\(id):console" }
    /// List: what gateways ask workers of consoles, each as JSON.
    package var consoleAsks: String { prefix + "console:asks" }
    /// List: what workers answer a gateway.
    package func consoleAnswers(to gateway: String) -> String { prefix + "console:answers:" + gateway }
    /// Stream: what a VM's guest wrote to its console last, while somebody reads it.
    package func consoleBytes(of id: VMID) -> String { prefix + "console:bytes:\(id)" }
    /// List: what is to be written to a VM's console.
    package func consoleInput(of id: VMID) -> String { prefix + "console:input:\(id)" }
    /// List: the jobs of a VM that wait for the one that is under way.
    package func waiting(_ id: VMID) -> String { prefix + "vm:\(id):waiting" }
    /// Hash: a PM.
    package func pm(_ id: PMID) -> String { prefix + "pm:\(id)" }
    /// Hash: what is claimed on a PM, by consumer.
    package func claims(on id: PMID) -> String { prefix + "pm:\(id):claims" }
    /// Hash: the workers that could not reach a PM lately, with when and why.
    package func unreached(_ id: PMID) -> String { prefix + "pm:\(id):unreached" }
    /// Set: the deferred jobs that have their VM on a PM.
    package func delayed(on id: PMID) -> String { prefix + "pm:\(id):delayed" }
    /// Hash: a group of VMs: its rule, how many there are, and how many of them are on a PM.
    package func group(_ name: String) -> String { prefix + "group:" + name }
    /// Hash: a type.
    package func type(_ id: TypeID) -> String { prefix + "type:\(id)" }
    /// Hash: an image.
    package func image(_ id: ImageID) -> String { prefix + "image:\(id)" }
    /// Hash: what stands on a simulated PM.
    package func simulated(_ number: Int) -> String { prefix + "simulated:\(number)" }
    /// String: who brings an image to a PM right now.
    package func transfer(of image: ImageID, to pm: PMID) -> String { prefix + "transfer:\(pm):\(image)" }
}

/// The three lists of the catalog.
package enum CatalogKind: String, Sendable, CaseIterable {
    /// Physical machines, by address.
    case pm
    /// Images, by path.
    case image
    /// Types, by size.
    case type
}
