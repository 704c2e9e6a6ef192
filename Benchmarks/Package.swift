// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// What the measurements need besides the programs themselves; built by `Benchmarks/run`.
let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "hypervisor-coordinator", path: ".."),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "BareRoute",
            dependencies: [
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "RedisClient", package: "hypervisor-coordinator"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "PlacementDecisions",
            dependencies: [.product(name: "Placement", package: "hypervisor-coordinator")],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "Claims",
            dependencies: [
                .product(name: "Placement", package: "hypervisor-coordinator"),
                .product(name: "RedisClient", package: "hypervisor-coordinator"),
                .product(name: "Store", package: "hypervisor-coordinator"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "EnqueueToStart",
            dependencies: [
                .product(name: "RedisClient", package: "hypervisor-coordinator"),
                .product(name: "Store", package: "hypervisor-coordinator"),
            ],
            swiftSettings: strict
        ),
    ]
)
