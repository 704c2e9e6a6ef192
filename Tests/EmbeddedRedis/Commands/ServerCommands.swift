/// Commands about the server.
let serverCommands = [
    Command("PING", -1) { _, words in words.count > 1 ? .bulk(words[1]) : .status("PONG") },
    Command("ECHO", 2) { _, words in .bulk(words[1]) },
    Command("TIME", 1) { keyspace, _ in
        .bulks([Bytes(keyspace.time / 1_000_000), Bytes(keyspace.time % 1_000_000)])
    },
    Command("FLUSHALL", -1) { keyspace, _ in
        keyspace.removeAll()
        return .ok
    },
    Command("FLUSHDB", -1) { keyspace, _ in
        keyspace.removeAll()
        return .ok
    },
    Command("INFO", -1) { _, _ in
        .bulk("# Memory\r\nused_memory:1000000\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n")
    },
]
