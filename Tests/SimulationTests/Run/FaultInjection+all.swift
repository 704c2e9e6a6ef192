extension FaultInjection {
    /// Each rule that the protocol stands on, broken, with the invariant that shows it.
    static let all = claims + domains + jobs + owners + order + turns + acknowledged + batches

    private static let claims = [
        FaultInjection(
            "a claim asks no headroom",
            breaks: .i1,
            ("claim", "if not headroom or tonumber(needs[i]) > headroom[i] then", "if false then")
        ),
        FaultInjection(
            "what a claim held is freed twice",
            breaks: .i1,
            ("finish", "change_sums(pm, consumer, -1,", "change_sums(pm, consumer, -2,")
        ),
        FaultInjection(
            "a create that goes elsewhere keeps its claim",
            breaks: .i1,
            (
                "reschedule", "release_job_claim(job, op, vm) else remove_claim(vm) end",
                "release_job_claim(job, op, vm) end"
            )
        ),
    ]

    private static let domains = [
        FaultInjection(
            "what a failed create left is forgotten",
            breaks: .i2,
            ("finish", "outcome == 'failed' and cleanup_ms", "false and cleanup_ms")
        )
    ]

    private static let jobs = [
        FaultInjection(
            "nobody is woken",
            breaks: .i3,
            ("finish", "v, message) and wakes then\n  wake_waiting(vm, job)", "v, message) then")
        ),
        FaultInjection(
            "leases never run out",
            breaks: .i3,
            ("sweep", "P .. 'leases', '-inf', whole(now_ms), 'LIMIT'", "P .. 'leases', '-inf', 0, 'LIMIT'")
        ),
        FaultInjection("finish asks no epoch", breaks: .i3, ("finish", "j[1] ~= epoch or", "")),
        FaultInjection("a renewal asks no epoch", breaks: .i3, ("renew", "j[1] == ARGV[i + 1] and", "")),
        FaultInjection("nothing is given up", breaks: .i3, ("sweep", ">= tonumber(crash_limit)", ">= 1000")),
    ]

    private static let owners = [
        FaultInjection(
            "a failed create cleans up nothing",
            breaks: .i4,
            ("finish", "outcome == 'failed' and cleanup_ms", "false and cleanup_ms")
        )
    ]

    private static let order = [
        FaultInjection("a claim asks no order", breaks: .i5, ("claim", "if line ~= ARGV[i] then", "if false then")),
        FaultInjection(
            "refusals never age",
            breaks: .i5,
            ("claim", "if present ~= headroom_version then", "if false then")
        ),
        FaultInjection(
            "who waits for room is woken from the youngest on",
            breaks: .i5,
            ("read_room", "return a[1] < b[1]", "return a[1] > b[1]"),
            (
                "read_room", "'ZRANGEBYLEX', index, '[' .. asked .. '\\n', '(' .. asked .. '\\v'",
                "'ZREVRANGEBYLEX', index, '(' .. asked .. '\\v', '[' .. asked .. '\\n'"
            )
        ),
        FaultInjection(
            "a job comes back last",
            breaks: .i5,
            ("release", "put_back(j[1], job)", "redis.call('LPUSH', P .. 'queue', j[1])"),
            ("sweep", "put_back(j[1], job)", "redis.call('LPUSH', P .. 'queue', j[1])")
        ),
    ]

    private static let turns = [
        FaultInjection("a step asks no epoch", breaks: .i6, ("begin_step", "j[1] ~= epoch or", "")),
        FaultInjection(
            "a worker acts on though its lease was taken over",
            breaks: .i6,
            ("begin_step", "then return {'lost'} end", "then return {'go', now} end")
        ),
        FaultInjection("a release asks no epoch", breaks: .i6, ("release", "j[1] ~= epoch or", "")),
        FaultInjection("workers' clocks stand still", breaks: .i6, clocksStandStill: true),
        FaultInjection(
            "nobody waits for the VM's job under way",
            breaks: .i6,
            ("claim", "if v.job then return v.job ~= job and v.job end", "if v.job then return nil end")
        ),
    ]

    private static let acknowledged = [
        FaultInjection(
            "a destroy that failed is done",
            breaks: .i7,
            ("finish", "end_job(job, outcome,", "end_job(job, 'done',")
        )
    ]

    private static let batches = [
        FaultInjection(
            "the VMs of a batch are placed one by one",
            breaks: .i8,
            ("enqueue_batch", "is_atomic == '1' and (batch or 'first')", "nil")
        )
    ]
}
