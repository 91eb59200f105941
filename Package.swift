// swift-tools-version:6.1

import PackageDescription

// The layers, lowest first; a target may depend only on targets of lower layers. `.ci/check-layers` compares this file
// with the imports in Sources.

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .unsafeFlags(["-warnings-as-errors"]),
]

let cSettings: [CSetting] = [
    .unsafeFlags(["-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter"])
]

/// The kernels stay fast in debug builds, where they would otherwise be some fourteen times slower.
let kernelSettings: [CSetting] = [
    .unsafeFlags(["-O2", "-Wall", "-Wextra", "-Werror"])
]

/// `#embed` is of C23, and clang warns of it in earlier ones.
let embedding: [CSetting] = [
    .unsafeFlags(["-Wall", "-Wextra", "-Werror", "-Wno-c23-extensions"])
]

/// The commit that is built; scripts/build sets it.
let commit = Context.environment["PALIMPSEST_COMMIT"] ?? "unknown"

func module(
    _ name: String,
    _ dependencies: [Target.Dependency] = [],
    exclude: [String] = []
) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

func tests(
    _ name: String,
    _ dependencies: [Target.Dependency] = [],
    resources: [Resource] = []
) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.byName(name: name)] + dependencies,
        resources: resources,
        swiftSettings: settings
    )
}

let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let argumentParser: Target.Dependency = .product(
    name: "ArgumentParser",
    package: "swift-argument-parser"
)
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")

let package = Package(
    name: "palimpsest",
    products: [
        .executable(name: "palimpsest", targets: ["palimpsest"]),
        .executable(name: "palimpsest-bench", targets: ["Benchmarks"]),
        .library(name: "WireFuzzer", type: .static, targets: ["WireFuzzer"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // Layer 0: system libraries and our C.
        .target(name: "CLinux", cSettings: cSettings),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CDeflate",
            pkgConfig: "libdeflate",
            providers: [.apt(["libdeflate-dev"])]
        ),
        .systemLibrary(name: "CSpng", pkgConfig: "spng", providers: [.apt(["libspng-dev"])]),
        .systemLibrary(name: "CWebP", pkgConfig: "libwebp", providers: [.apt(["libwebp-dev"])]),
        .target(
            name: "CHeif",
            cSettings: cSettings,
            linkerSettings: [
                .linkedLibrary("heif"), .linkedLibrary("de265"), .linkedLibrary("dav1d"),
            ]
        ),
        .target(name: "CCurl", cSettings: cSettings),
        .target(name: "CPostgres", cSettings: cSettings),
        .target(name: "CJPEG", cSettings: cSettings, linkerSettings: [.linkedLibrary("jpeg")]),
        .target(name: "CKernels", cSettings: kernelSettings),
        .target(name: "CBenchmark", cSettings: kernelSettings),
        .target(name: "CPublicFiles", cSettings: embedding),
        .target(
            name: "CVersion",
            cSettings: embedding + [.define("PALIMPSEST_COMMIT", to: "\"\(commit)\"")]
        ),

        // Layer 1: pure logic and values that stand alone, and the one way to the system's files and blocking calls.
        module("POSIX", ["CLinux"]),
        module("HTTPWire", [httpTypes]),
        module("Imaging", ["CDeflate", "CHeif", "CJPEG", "CKernels", "CSpng", "CWebP"]),
        module("Archive", ["CDeflate", "CZlib"]),
        module("ImageHeader"),
        module("Cryptography", ["COpenSSL"]),
        .target(
            name: "Migrations",
            path: "Migrations",
            resources: [
                .embedInCode("m0001_initial.sql"),
                .embedInCode("m0002_imported_semantic_images.sql"),
                .embedInCode("m0003_semantic_images_version_2.sql"),
                .embedInCode("m0004_key_limits.sql"),
                .embedInCode("m0005_queue.sql"),
                .embedInCode("m0006_image_endings.sql"),
                .embedInCode("m0007_attachments.sql"),
                .embedInCode("m0008_expiry.sql"),
                .embedInCode("m0009_frozen_classes.sql"),
                .embedInCode("m0010_sources.sql"),
                .embedInCode("m0011_clock.sql"),
                .embedInCode("m0012_class_places.sql"),
                .embedInCode("m0013_claims.sql"),
                .embedInCode("m0014_webhooks.sql"),
                .embedInCode("postgres_0001_initial.sql"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "PublicFiles",
            dependencies: ["CDeflate", "CPublicFiles"],
            path: "Public",
            exclude: [
                "docs", "icon.svg", "index.html", "openapi.json", "page", "strings.json",
                "style.css",
            ],
            swiftSettings: settings
        ),

        // Layer 2: the vocabulary of jobs, sockets and logs, what a storage of blobs is, and what a
        // process takes away from itself before it decodes.
        module("JobModel", ["Cryptography"]),
        module("SemanticImages", ["Imaging"]),
        module("SocketIO", ["CLinux", "COpenSSL", "POSIX"]),
        module("BlobStorage", ["Cryptography"]),
        module("Telemetry", ["POSIX", logging]),
        module("Sandbox", ["CLinux", "POSIX"]),

        // Layer 3: what a method is, what a store of jobs is, the storage of blobs in a folder, the
        // server, and how processes speak about hostile pictures.
        module("Methods", ["Cryptography", "Imaging", "JobModel"]),
        module("Queue", ["Cryptography", "JobModel"]),
        module("S3Blobs", ["BlobStorage", "CCurl", "Cryptography", "POSIX"]),
        module("LocalBlobs", ["BlobStorage", "Cryptography", "POSIX"]),
        module("HTTPServer", ["HTTPWire", "POSIX", "SocketIO", httpTypes, logging]),
        module("Webhooks", ["Cryptography", "POSIX", "SocketIO"]),
        module("CodecProtocol", ["CLinux", "Cryptography", "JobModel", "POSIX"]),

        // Layer 4: the methods, the pipeline that is the same for all of them, who starts the
        // processes that run it, and what a store in SQL is whatever the database.
        module(
            "DeepHiding",
            ["CKernels", "Cryptography", "Imaging", "JobModel", "Methods", "SemanticImages"],
            exclude: ["Resources"]
        ),
        module("Protection", ["CKernels", "Cryptography", "Imaging", "JobModel", "Methods"]),
        module(
            "CodecHost",
            [
                "CLinux", "CodecProtocol", "Cryptography", "ImageHeader", "JobModel", "POSIX",
                "Sandbox", logging,
            ]
        ),
        module("SQLStore", ["Cryptography", "JobModel", "Migrations", "Queue"]),

        // Layer 5: the store in an SQLite file and in PostgreSQL, what runs in the processes behind the wall, methods
        // that use deep hiding's engine, and who hands the processes the queue's images.
        module(
            "SQLiteStore",
            ["Cryptography", "Migrations", "POSIX", "Queue", "SQLStore", grdb, sqlite]
        ),
        module(
            "PostgresStore",
            [
                "BlobStorage", "CPostgres", "Cryptography", "JobModel", "Migrations", "POSIX",
                "Queue", "SQLStore",
            ]
        ),
        module(
            "CodecChild",
            [
                "CLinux", "CodecProtocol", "Cryptography", "Imaging", "JobModel", "Methods",
                "POSIX", "Protection", "Sandbox",
            ]
        ),
        module(
            "FittedMethods",
            [
                "CKernels", "Cryptography", "DeepHiding", "Imaging", "JobModel", "Methods",
                "SemanticImages",
            ]
        ),
        module(
            "JobRunner",
            [
                "Archive", "BlobStorage", "CodecHost", "CodecProtocol", "Cryptography", "JobModel",
                "POSIX", "Queue", logging,
            ]
        ),

        // Layer 6: what can be done with a data folder without a server.
        module(
            "Operations",
            [
                "BlobStorage", "Cryptography", "JobModel", "LocalBlobs", "POSIX", "PostgresStore",
                "Queue", "S3Blobs", "SQLStore", "SQLiteStore", "SemanticImages", logging,
            ]
        ),

        // Layer 7: the HTTP API and the running service.
        module(
            "HTTPAPI",
            [
                "Archive", "BlobStorage", "CodecHost", "CodecProtocol", "Cryptography",
                "HTTPServer",
                "HTTPWire",
                "ImageHeader", "JobModel", "JobRunner", "Operations", "POSIX", "PublicFiles",
                "Queue",
                "Sandbox", "SemanticImages", "SocketIO", "Telemetry", "Webhooks", httpTypes,
                logging,
            ]
        ),

        // Layer 8: the command line.
        .executableTarget(
            name: "palimpsest",
            dependencies: [
                "Archive", "CLinux", "CVersion", "CodecChild", "CodecHost", "CodecProtocol",
                "Cryptography", "DeepHiding", "FittedMethods", "HTTPAPI", "Imaging", "JobModel",
                "Methods", "Operations", "POSIX", "Protection", "Queue", "Sandbox",
                "SemanticImages",
                "Telemetry", argumentParser, logging,
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "CBenchmark", "CSpng", "Cryptography", "DeepHiding", "HTTPWire", "Imaging",
                "JobModel", "Methods", "POSIX", "Protection",
                "SemanticImages",
                argumentParser,
            ],
            swiftSettings: settings
        ),

        // What tests and the fuzzer share, the fuzzer (linked by scripts/fuzz), and a program that other parsers are compared with.
        .target(
            name: "WireHarness",
            dependencies: ["Archive", "HTTPWire", "ImageHeader", httpTypes],
            path: "Tests/WireHarness",
            swiftSettings: settings
        ),
        .target(
            name: "WireFuzzer",
            dependencies: ["WireHarness"],
            path: "Tests/WireFuzzer",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "WireProbe",
            dependencies: ["HTTPWire", "WireHarness", httpTypes],
            path: "Tests/WireProbe",
            swiftSettings: settings
        ),

        // The queue of a cell on a virtual clock, and the program that writes the tables of docs/scaling.md.
        .target(
            name: "QueueSimulation",
            dependencies: ["JobModel", "Queue"],
            path: "Tests/QueueSimulation",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "Simulation",
            dependencies: ["QueueSimulation", argumentParser],
            path: "Tests/Simulation",
            swiftSettings: settings
        ),

        // What `make bench-queue` times.
        .executableTarget(
            name: "StoreBenchmark",
            dependencies: [
                "JobModel", "PostgresStore", "Queue", "SQLiteStore", "StoreHarness",
                argumentParser,
            ],
            path: "Tests/StoreBenchmark",
            exclude: ["__main__.py", "peers.py", "requirements.txt"],
            swiftSettings: settings
        ),

        // A process that tries what the sandbox of the codec processes forbids.
        .target(name: "ForbiddenCalls", path: "Tests/ForbiddenCalls", cSettings: cSettings),
        .executableTarget(
            name: "SandboxProbe",
            dependencies: ["ForbiddenCalls", "POSIX", "Sandbox"],
            path: "Tests/SandboxProbe",
            swiftSettings: settings
        ),

        // A method of its own and a codec that has it: what a new method takes.
        .target(
            name: "ToyMethod",
            dependencies: ["Cryptography", "Imaging", "JobModel", "Methods"],
            path: "Tests/ToyMethod",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "ToyCodec",
            dependencies: [
                "CodecChild", "DeepHiding", "JobModel", "Methods", "Sandbox", "ToyMethod",
            ],
            path: "Tests/ToyCodec",
            swiftSettings: settings
        ),

        // Codecs, honest and not, and pictures for them: for the tests of both processes and of the
        // queue's runner.
        .target(
            name: "CodecHarness",
            dependencies: ["CodecHost", "CodecProtocol", "Cryptography", "JobModel", logging],
            path: "Tests/CodecHarness",
            exclude: ["Fixtures"],
            swiftSettings: settings
        ),

        // Runs programs for tests.
        .target(
            name: "ProcessHarness",
            dependencies: ["CLinux", "POSIX"],
            path: "Tests/ProcessHarness",
            swiftSettings: settings
        ),

        // Tests, one target a module.
        tests("POSIX"),
        tests("HTTPWire", ["WireHarness", httpTypes], resources: [.copy("FuzzInputs")]),
        tests("Imaging", ["CKernels", "ProcessHarness"], resources: [.copy("Fixtures")]),
        tests("Archive", ["ProcessHarness", "WireHarness"]),
        tests("JobModel", ["Cryptography", "ProcessHarness"]),
        tests("ImageHeader"),
        tests("Telemetry", [logging]),
        tests("Cryptography"),
        tests(
            "DeepHiding",
            ["CKernels", "Cryptography", "Imaging", "Methods"],
            resources: [.copy("Fixtures")]
        ),
        tests(
            "FittedMethods",
            ["Cryptography", "DeepHiding", "Imaging", "JobModel", "Methods"],
            resources: [.copy("Fixtures")]
        ),
        tests("SemanticImages", ["Imaging"], resources: [.copy("Fixtures")]),
        tests("SocketIO", ["CLinux", "POSIX"]),
        .target(
            name: "BlobHarness",
            dependencies: ["BlobStorage", "Cryptography"],
            path: "Tests/BlobHarness",
            swiftSettings: settings
        ),
        .testTarget(
            name: "BlobConformanceTests",
            dependencies: ["BlobHarness", "BlobStorage", "Cryptography", "LocalBlobs", "S3Blobs"],
            exclude: ["requirements.txt"],
            swiftSettings: settings
        ),
        tests("S3Blobs", ["BlobStorage", "Cryptography"]),
        tests("LocalBlobs", ["BlobStorage", "Cryptography", "POSIX"]),
        tests("Queue"),
        tests(
            "QueueSimulation",
            ["JobModel", "JobRunner", "Queue", "SQLiteStore", "StoreHarness"]
        ),
        .target(
            name: "StoreHarness",
            dependencies: ["Cryptography", "JobModel", "Queue", "SQLStore"],
            path: "Tests/StoreHarness",
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoreConformanceTests",
            dependencies: [
                "Cryptography", "JobModel", "PostgresStore", "Queue", "SQLStore", "SQLiteStore",
                "StoreHarness",
            ],
            swiftSettings: settings
        ),
        tests(
            "SQLiteStore",
            ["Cryptography", "JobModel", "Migrations", "Queue", "SQLStore", "StoreHarness", grdb],
            resources: [.copy("Fixtures")]
        ),
        tests(
            "PostgresStore",
            [
                "BlobStorage", "Cryptography", "JobModel", "ProcessHarness", "Queue", "SQLStore",
                "StoreHarness",
            ]
        ),
        tests("Webhooks"),
        tests("HTTPServer", ["HTTPWire", "ProcessHarness", "SocketIO", httpTypes, logging]),
        tests(
            "Protection",
            [
                "CKernels", "Cryptography", "DeepHiding", "Imaging", "JobModel", "Methods",
                "POSIX", "SemanticImages",
            ],
            resources: [.copy("Fixtures")]
        ),
        tests("Sandbox", ["CLinux", "CodecHarness", "ProcessHarness"]),
        tests("CodecProtocol", ["CodecHarness", "Cryptography", "JobModel"]),
        tests(
            "CodecHost",
            [
                "CLinux", "CodecHarness", "CodecProtocol", "Cryptography", "JobModel", "POSIX",
                "Sandbox", "ToyCodec", "ToyMethod",
            ]
        ),
        tests("CodecChild", ["CodecHarness", "CodecProtocol", "Cryptography", "JobModel"]),
        tests(
            "JobRunner",
            [
                "BlobStorage", "CodecHarness", "CodecHost", "Cryptography", "JobModel",
                "LocalBlobs",
                "POSIX", "Queue", "SQLiteStore", "StoreHarness", logging,
            ]
        ),
        tests(
            "Operations",
            [
                "BlobStorage", "Cryptography", "JobModel", "LocalBlobs", "POSIX", "Queue",
                "SQLiteStore", "StoreHarness", logging,
            ]
        ),
        tests(
            "HTTPAPI",
            [
                "Archive", "BlobHarness", "BlobStorage", "CodecHost", "CodecProtocol",
                "Cryptography", "HTTPServer",
                "HTTPWire", "Imaging", "JobModel", "JobRunner", "LocalBlobs", "Operations", "POSIX",
                "PublicFiles", "Queue", "SQLiteStore", "StoreHarness", "Telemetry", "ToyCodec",
                "ToyMethod",
                httpTypes, logging,
            ]
        ),
    ]
)

/// Returns targets and what they depend on.
func closure(of names: [String], in all: [Target]) -> [Target] {
    let targets = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
    var kept: Set<String> = []
    var open = names
    while let name = open.popLast() {
        guard let target = targets[name], kept.insert(name).inserted else { continue }
        open += target.dependencies.compactMap { dependency in
            switch dependency {
            case .byNameItem(let name, _), .targetItem(let name, _): name
            default: nil
            }
        }
    }
    return all.filter { kept.contains($0.name) }
}

/// The names of targets, with spaces between; `make test-sanitizers` builds no others once more.
if let names = Context.environment["PALIMPSEST_TARGETS"] {
    let names = names.split(separator: " ").map(String.init)
    if let unknown = names.first(where: { name in !package.targets.contains { $0.name == name } }) {
        fatalError("PALIMPSEST_TARGETS: no target is named '\(unknown)'")
    }
    package.targets = closure(of: names, in: package.targets)
    package.products = []
}
