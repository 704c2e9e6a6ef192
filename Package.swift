// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is built alike: Swift 6 mode, and a warning is an error.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// Targets that call C also name each unsafe expression.
let strictWithC: [SwiftSetting] = strict + [.strictMemorySafety()]

/// Test targets that do much at each seed: tests are built for debugging, which would make them several times slower.
let optimized: [SwiftSetting] = [.unsafeFlags(["-O"])]

let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioLocks = Target.Dependency.product(name: "NIOConcurrencyHelpers", package: "swift-nio")

let package = Package(
    name: "hypervisor-coordinator",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "hvc-gateway", targets: ["APIGateway"]),
        .executable(name: "hvc-worker", targets: ["Worker"]),
        .executable(name: "hvctl", targets: ["CLI"]),
    ],
    traits: [
        .trait(
            name: "TLS",
            description: "TLS to Redis (rediss://) and at the gateway, through BoringSSL; adds minutes to a build."
        )
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        // C libraries, each imported by one module only.
        .systemLibrary(name: "CHiredis", path: "Sources/Shared/CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(
            name: "CCrypto",
            path: "Sources/Shared/CCrypto",
            pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"])]
        ),
        .systemLibrary(
            name: "CSSL",
            path: "Sources/Shared/CSSL",
            pkgConfig: "libssl",
            providers: [.apt(["libssl-dev"])]
        ),
        .systemLibrary(name: "CMalloc", path: "Sources/Shared/CMalloc"),
        .systemLibrary(
            name: "CXML",
            path: "Sources/Shared/CXML",
            pkgConfig: "libxml-2.0",
            providers: [.apt(["libxml2-dev"])]
        ),
        .systemLibrary(
            name: "CLibvirt",
            path: "Sources/Shared/CLibvirt",
            pkgConfig: "libvirt",
            providers: [.apt(["libvirt-dev"])]
        ),

        // Pure: no package, no I/O.
        .target(name: "Model", path: "Sources/Shared/Model", swiftSettings: strict),
        .target(name: "Placement", dependencies: ["Model"], path: "Sources/Shared/Placement", swiftSettings: strict),

        // The API: what calls, bodies and answers look like.
        .target(name: "API", dependencies: ["Model", "Placement"], path: "Sources/Shared/API", swiftSettings: strict),
        .target(
            name: "Client",
            dependencies: ["API", "CSSL"],
            path: "Sources/Shared/Client",
            swiftSettings: strictWithC
        ),

        // Shells around the outside world.
        .target(
            name: "Catalog",
            dependencies: ["Model", "Yams"],
            path: "Sources/Shared/Catalog",
            swiftSettings: strict
        ),
        .target(
            name: "RedisClient",
            dependencies: [
                "CHiredis", logging, nioCore, nioPosix, nioLocks,
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: .when(traits: ["TLS"])),
            ],
            path: "Sources/Shared/RedisClient",
            swiftSettings: strictWithC
        ),
        .target(
            name: "Store",
            dependencies: ["Model", "Placement", "RedisClient", "Telemetry", logging, nioLocks],
            path: "Sources/Shared/Store",
            resources: [.embedInCode("Scripts")],
            swiftSettings: strict
        ),
        .target(
            name: "Libvirt",
            dependencies: ["CLibvirt", nioLocks],
            path: "Sources/Shared/Libvirt",
            swiftSettings: strictWithC
        ),
        .target(name: "XML", dependencies: ["CXML"], path: "Sources/Shared/XML", swiftSettings: strictWithC),
        .target(
            name: "Telemetry",
            dependencies: [metrics, nioLocks],
            path: "Sources/Shared/Telemetry",
            swiftSettings: strict
        ),
        .target(
            name: "Bootstrap",
            dependencies: [
                "CMalloc", "Model", "RedisClient", "Telemetry", argumentParser, logging, lifecycle, metrics, signals,
                nioLocks,
            ],
            path: "Sources/Shared/Bootstrap",
            swiftSettings: strict
        ),
        .target(name: "Digest", dependencies: ["CCrypto"], path: "Sources/Shared/Digest", swiftSettings: strictWithC),

        // The three programs.
        .executableTarget(
            name: "APIGateway",
            dependencies: [
                "API", "Bootstrap", "Digest", "Model", "Placement", "RedisClient", "Store", "Telemetry", argumentParser,
                lifecycle, signals, logging, metrics, nioCore, nioHTTP, nioHTTPTypes, nioLocks,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: .when(traits: ["TLS"])),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "Worker",
            dependencies: [
                "API", "Bootstrap", "Catalog", "Digest", "Libvirt", "Model", "Placement", "RedisClient", "Store",
                "Telemetry", "XML", argumentParser, lifecycle, logging, metrics, nioLocks, signals, subprocess,
            ],
            swiftSettings: strict
        ),

        .executableTarget(
            name: "CLI",
            dependencies: ["API", "Client", "Model", argumentParser],
            swiftSettings: strictWithC
        ),

        // Tests. TestKit starts the real parts: redis-server, sshd, libvirtd, our own programs.
        .target(
            name: "TestKit",
            dependencies: ["Client", "Model", "RedisClient", "Store", logging, nioCore, nioLocks, nioPosix],
            path: "Tests/TestKit",
            swiftSettings: strict
        ),
        .testTarget(name: "ModelTests", dependencies: ["Model"], swiftSettings: strict),
        .testTarget(name: "PlacementTests", dependencies: ["Model", "Placement"], swiftSettings: strict),
        .testTarget(name: "APITests", dependencies: ["API", "Model"], swiftSettings: strict),
        .testTarget(
            name: "ClientTests",
            dependencies: ["API", "Client", "Model", "TestKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CLITests",
            dependencies: ["API", "CLI", "Client", "Model", "TestKit", argumentParser],
            exclude: ["Golden"],
            swiftSettings: strict
        ),
        .testTarget(name: "TelemetryTests", dependencies: ["Telemetry", "TestKit", metrics], swiftSettings: strict),
        .testTarget(name: "BootstrapTests", dependencies: ["Bootstrap", "Model", logging], swiftSettings: strict),
        .testTarget(name: "CatalogTests", dependencies: ["Catalog", "Model", "TestKit"], swiftSettings: strict),
        .testTarget(
            name: "RedisClientTests",
            dependencies: ["RedisClient", "TestKit", logging, nioCore, nioLocks, nioPosix],
            swiftSettings: strict
        ),
        .testTarget(
            name: "StoreTests",
            dependencies: ["Model", "Placement", "RedisClient", "Store", "TestKit", logging],
            swiftSettings: strict
        ),
        // A Redis in memory and in virtual time, which runs the scripts in Lua itself.
        .systemLibrary(
            name: "CLua",
            path: "Tests/CLua",
            pkgConfig: "lua5.1",
            providers: [.apt(["liblua5.1-0-dev", "lua-cjson"])]
        ),
        .target(
            name: "EmbeddedRedis",
            dependencies: ["CLua", "RedisClient", "TestKit", nioLocks],
            path: "Tests/EmbeddedRedis",
            swiftSettings: strictWithC + optimized
        ),
        .testTarget(
            name: "EmbeddedRedisTests",
            dependencies: ["EmbeddedRedis", "RedisClient", "TestKit"],
            swiftSettings: strict
        ),
        .testTarget(name: "XMLTests", dependencies: ["XML"], swiftSettings: strict),
        .testTarget(name: "LibvirtTests", dependencies: ["Libvirt", "TestKit"], swiftSettings: strict),
        // The core in virtual time, with seeded faults.
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "EmbeddedRedis", "Model", "Placement", "RedisClient", "Store", "TestKit", "Worker", logging, nioLocks,
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict + optimized
        ),
        .testTarget(
            name: "APIGatewayTests",
            dependencies: [
                "API", "APIGateway", "Bootstrap", "Model", "Placement", "RedisClient", "Store", "Telemetry", "TestKit",
                logging, metrics, nioCore, nioHTTP, nioHTTPTypes, nioLocks,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                lifecycle,
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WorkerTests",
            dependencies: [
                "Worker", "Bootstrap", "Catalog", "Digest", "EmbeddedRedis", "Libvirt", "Model", "Placement",
                "RedisClient", "Store", "Telemetry", "TestKit", "XML", logging, metrics, nioLocks, subprocess,
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "API", "APIGateway", "Bootstrap", "Client", "Model", "Placement", "RedisClient", "TestKit", "Worker",
                logging, nioLocks,
            ],
            swiftSettings: strict
        ),

        // What Benchmarks/run measures with, besides the programs; compiled with the tests, so that it stays whole.
        .executableTarget(
            name: "BareRoute",
            dependencies: [
                "RedisClient", nioCore,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
            ],
            path: "Benchmarks/Sources/BareRoute",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "PlacementDecisions",
            dependencies: ["Model", "Placement"],
            path: "Benchmarks/Sources/PlacementDecisions",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "Claims",
            dependencies: ["Model", "Placement", "RedisClient", "Store"],
            path: "Benchmarks/Sources/Claims",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "EnqueueToStart",
            dependencies: ["Model", "RedisClient", "Store"],
            path: "Benchmarks/Sources/EnqueueToStart",
            swiftSettings: strict
        ),
    ]
)
