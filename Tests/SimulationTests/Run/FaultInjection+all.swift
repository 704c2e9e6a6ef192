extension FaultInjection {
    /// Each rule that the protocol stands on, broken.
    static let all = fences + order + claims + ends

    private static let fences = [
        FaultInjection("finish asks no epoch", ("finish", "j[1] ~= epoch or", "")),
        FaultInjection("a step asks no epoch", ("begin_step", "j[1] ~= epoch or", "")),
        FaultInjection("a renewal asks no epoch", ("renew", "j[1] == ARGV[i + 1] and", "")),
        FaultInjection("a release asks no epoch", ("release", "j[1] ~= epoch or", "")),
        FaultInjection("workers' clocks stand still", clocksStandStill: true),
    ]

    private static let order = [
        FaultInjection(
            "a claim asks no order",
            ("claim", "if line ~= ARGV[i] then", "if false then")
        ),
        FaultInjection(
            "nobody waits for the VM's job under way",
            ("claim", "if v.job then return v.job ~= job and v.job end", "if v.job then return nil end")
        ),
        FaultInjection(
            "nobody is woken",
            ("finish", "v, message) and wakes then\n  wake_waiting(vm)", "v, message) then")
        ),
        FaultInjection("refusals never age", ("claim", "if present ~= headroom_version then", "if false then")),
        FaultInjection(
            "a job comes back last",
            ("release", "put_back(j[1], job)", "redis.call('LPUSH', P .. 'queue', j[1])"),
            ("sweep", "put_back(j[1], job)", "redis.call('LPUSH', P .. 'queue', j[1])")
        ),
    ]

    private static let claims = [
        FaultInjection(
            "a claim asks no headroom",
            ("claim", "if not free or tonumber(v.needs[i]) > free[i] then", "if false then")
        ),
        FaultInjection(
            "what a claim held is freed twice",
            ("finish", "change_sums(pm, consumer, -1,", "change_sums(pm, consumer, -2,")
        ),
        FaultInjection(
            "a create that goes elsewhere keeps its claim",
            ("reschedule", "\nremove_claim(vm)\n", "\n")
        ),
    ]

    private static let ends = [
        FaultInjection(
            "nothing is cleaned up",
            ("finish", "outcome == 'failed' and cleanup_ms", "false and cleanup_ms")
        ),
        FaultInjection(
            "leases never run out",
            ("sweep", "P .. 'leases', '-inf', whole(now_ms), 'LIMIT'", "P .. 'leases', '-inf', 0, 'LIMIT'")
        ),
        FaultInjection("nothing is given up", ("sweep", ">= tonumber(crash_limit)", ">= 1000")),
    ]
}
