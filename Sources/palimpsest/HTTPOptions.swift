import ArgumentParser
import HTTPAPI

/// The options of a server's HTTP API and of the jobs that it takes in, each with an environment
/// variable.
struct HTTPOptions: ParsableArguments {
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

    /// The options that were given.
    var flags: [SettingsKey: String] {
        let values: [SettingsKey: String?] = [
            .bind: bind, .tlsCertificate: tlsCertificate, .tlsKey: tlsKey,
            .tlsClientCA: tlsClientCA, .trustedProxies: trustedProxies, .corsOrigins: corsOrigins,
            .webhooks: webhooks, .webhookLocalHosts: webhookLocalHosts, .maxHeadBytes: maxHeadBytes,
            .maxHeadFields: maxHeadFields, .maxBodyBytes: maxBodyBytes,
            .maxImageBytes: maxImageBytes, .maxImagesPerJob: maxImagesPerJob,
            .maxArchiveMembers: maxArchiveMembers, .maxArchiveRatio: maxArchiveRatio,
            .retentionSeconds: retentionSeconds, .setAsideSeconds: setAsideSeconds,
            .maxConnections: maxConnections, .maxConnectionsPerAddress: maxConnectionsPerAddress,
            .maxRequestsPerKey: maxRequestsPerKey,
        ]
        return values.compactMapValues { $0 }
    }
}
