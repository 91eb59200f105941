import ArgumentParser
import HTTPAPI

/// The options of every node, server or worker, each with an environment variable.
struct NodeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder of the database, the photos and the key. (default: ./data)",
            valueName: "dir"
        )
    )
    var data: String?

    @Option(
        help: ArgumentHelp(
            "sqlite, or postgres://HOST/NAME, which many nodes may share. (default: sqlite)",
            valueName: "url"
        )
    )
    var database: String?

    @Option(
        help: ArgumentHelp(
            "Where photos are: data, file:///PATH or s3://BUCKET/PREFIX. (default: data)",
            valueName: "url"
        )
    )
    var blobs: String?

    @Option(
        help: ArgumentHelp(
            "This node's name among those of a database. (default: one that is drawn)",
            valueName: "name"
        )
    )
    var node: String?

    @Option(
        help: ArgumentHelp(
            "Where to serve /metrics, without a key. (default: nowhere)",
            valueName: "endpoint"
        )
    )
    var metricsBind: String?

    @Option(
        name: [.customLong("jobs"), .customLong("workers")],
        help: ArgumentHelp("How many photos at once. (default: one per processor)", valueName: "n")
    )
    var workers: String?

    @Option(
        help: ArgumentHelp(
            "The weights, instead of the shipped ones: a file, or a folder of *.safetensors files.",
            valueName: "path"
        )
    )
    var weights: String?

    @Option(
        help: ArgumentHelp(
            "Which file of a folder of weights protects where a job names none, without .safetensors.",
            valueName: "name"
        )
    )
    var model: String?

    @Option(
        help: ArgumentHelp(
            "How hard PNGs are compressed, 0 (stored) to 12 (smallest). (default: 1)",
            valueName: "n"
        )
    )
    var compressionLevel: String?

    @Option(
        help: ArgumentHelp(
            "required, or off where the kernel has no seccomp: codecs may make only the system calls they need. (default: required)",
            valueName: "how"
        )
    )
    var systemCallFilter: String?

    @Option(
        help: ArgumentHelp(
            """
            The most pixels of a photo or semantic image, to 250000000. A codec process takes up \
            to 20 bytes of memory for each, and 50 with previews or recovery. (default: 110000000)
            """,
            valueName: "n"
        )
    )
    var maxPixels: String?

    @Option(
        help: ArgumentHelp(
            "Refuse uploads while fewer bytes are free. (default: 512 MiB)",
            valueName: "n"
        )
    )
    var minFreeBytes: String?

    @Option(
        help: ArgumentHelp(
            "How long to go on after SIGTERM, so that balancers see /readyz turn. (default: 0)",
            valueName: "n"
        )
    )
    var drainDelaySeconds: String?

    @Option(
        help: ArgumentHelp(
            "How long requests may take to finish after SIGTERM. (default: 20)",
            valueName: "n"
        )
    )
    var drainSeconds: String?

    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning or error. (default: info)",
            valueName: "level"
        )
    )
    var logLevel: String?

    /// The options that were given.
    var flags: [SettingsKey: String] {
        let values: [SettingsKey: String?] = [
            .data: data, .database: database, .blobs: blobs, .node: node, .metricsBind: metricsBind,
            .workers: workers, .weights: weights, .model: model,
            .compressionLevel: compressionLevel, .systemCallFilter: systemCallFilter,
            .maxPixels: maxPixels, .minFreeBytes: minFreeBytes,
            .drainDelaySeconds: drainDelaySeconds, .drainSeconds: drainSeconds, .logLevel: logLevel,
        ]
        return values.compactMapValues { $0 }
    }
}
