import ArgumentParser
import FoundationEssentials
import HTTPAPI

/// The options of the service, each with an environment variable.
struct ServiceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where to listen: ADDRESS:PORT, unix:PATH or systemd. (default: 127.0.0.1:8080)",
            valueName: "endpoint"
        )
    )
    var bind: String?

    @Option(
        help: ArgumentHelp(
            "The server's certificate chain, PEM. (default: plain HTTP)",
            valueName: "file"
        )
    )
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The certificate's key, PEM.", valueName: "file"))
    var tlsKey: String?

    @Option(
        name: .customLong("tls-client-ca"),
        help: ArgumentHelp(
            "Accept only clients whose certificate one of these authorities has signed, PEM.",
            valueName: "file"
        )
    )
    var tlsClientCA: String?

    @Option(
        help: ArgumentHelp(
            "Trust X-Forwarded-For from these peers: addresses, blocks, unix. (default: none)",
            valueName: "list"
        )
    )
    var trustedProxies: String?

    @Option(
        help: ArgumentHelp(
            "Let pages of these origins call the API: https://photos.example,… (default: none)",
            valueName: "list"
        )
    )
    var corsOrigins: String?

    @Option(
        help: ArgumentHelp(
            "Whether keys may have webhooks: on or off. (default: off)",
            valueName: "switch"
        )
    )
    var webhooks: String?

    @Option(
        help: ArgumentHelp(
            "Let webhooks go to these hosts of your network, by http too. (default: none)",
            valueName: "list"
        )
    )
    var webhookLocalHosts: String?

    @Option(
        help: ArgumentHelp(
            "Where to serve /metrics, without a key. (default: nowhere)",
            valueName: "endpoint"
        )
    )
    var metricsBind: String?

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
        help: ArgumentHelp("The most bytes of a request's head. (default: 16 KiB)", valueName: "n")
    )
    var maxHeadBytes: String?

    @Option(
        help: ArgumentHelp("The most fields of a request's head. (default: 100)", valueName: "n")
    )
    var maxHeadFields: String?

    @Option(help: ArgumentHelp("The most bytes of a request. (default: 1 GiB)", valueName: "n"))
    var maxBodyBytes: String?

    @Option(help: ArgumentHelp("The most bytes of an image. (default: 64 MiB)", valueName: "n"))
    var maxImageBytes: String?

    @Option(help: ArgumentHelp("The most images of a job. (default: 10000)", valueName: "n"))
    var maxImagesPerJob: String?

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
            "The most members of an archive, folders too. (default: 4 for each image of a job, and 100)",
            valueName: "n"
        )
    )
    var maxArchiveMembers: String?

    @Option(
        help: ArgumentHelp(
            "How many times its own size an archive may unpack to, beyond 16 MiB. (default: 100)",
            valueName: "n"
        )
    )
    var maxArchiveRatio: String?

    @Option(help: ArgumentHelp("How long a finished job is kept. (default: 86400)", valueName: "n"))
    var retentionSeconds: String?

    @Option(
        help: ArgumentHelp(
            "How long to keep files that a start finds without a row in the database. (default: 604800)",
            valueName: "n"
        )
    )
    var setAsideSeconds: String?

    @Option(
        help: ArgumentHelp(
            "Refuse uploads while fewer bytes are free. (default: 512 MiB)",
            valueName: "n"
        )
    )
    var minFreeBytes: String?

    @Option(help: ArgumentHelp("The most connections at once. (default: 512)", valueName: "n"))
    var maxConnections: String?

    @Option(
        help: ArgumentHelp(
            "The most connections from one address; this machine and proxies are not limited. (default: 128)",
            valueName: "n"
        )
    )
    var maxConnectionsPerAddress: String?

    @Option(
        help: ArgumentHelp(
            "The most requests of one API key at once, including waits and streams. (default: a quarter of the connections)",
            valueName: "n"
        )
    )
    var maxRequestsPerKey: String?

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

    /// Returns the settings that the options and the environment variables describe.
    ///
    /// - Throws: `ExitCode`, after all faults have been printed.
    func settings() throws -> Settings {
        do throws(SettingsLoader.Faults) {
            return try SettingsLoader.load(
                environment: ProcessInfo.processInfo.environment,
                flags: flags,
                cores: ProcessInfo.processInfo.activeProcessorCount
            )
        } catch {
            StandardError.write("\(error)\n")
            throw ExitCode(Palimpsest.usageStatus)
        }
    }

    private var flags: [SettingsKey: String] {
        let values: [SettingsKey: String?] = [
            .bind: bind, .tlsCertificate: tlsCertificate, .tlsKey: tlsKey,
            .tlsClientCA: tlsClientCA, .trustedProxies: trustedProxies, .metricsBind: metricsBind,
            .corsOrigins: corsOrigins, .webhooks: webhooks,
            .webhookLocalHosts: webhookLocalHosts, .data: data,
            .database: database, .blobs: blobs, .node: node, .workers: workers,
            .weights: weights,
            .model: model,
            .compressionLevel: compressionLevel,
            .systemCallFilter: systemCallFilter, .maxHeadBytes: maxHeadBytes,
            .maxHeadFields: maxHeadFields, .maxBodyBytes: maxBodyBytes,
            .maxImageBytes: maxImageBytes, .maxImagesPerJob: maxImagesPerJob, .maxPixels: maxPixels,
            .maxArchiveMembers: maxArchiveMembers, .maxArchiveRatio: maxArchiveRatio,
            .retentionSeconds: retentionSeconds, .setAsideSeconds: setAsideSeconds,
            .minFreeBytes: minFreeBytes, .maxConnections: maxConnections,
            .maxConnectionsPerAddress: maxConnectionsPerAddress,
            .maxRequestsPerKey: maxRequestsPerKey, .drainDelaySeconds: drainDelaySeconds,
            .drainSeconds: drainSeconds, .logLevel: logLevel,
        ]
        return values.compactMapValues { $0 }
    }
}
