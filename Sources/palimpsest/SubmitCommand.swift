import ArgumentParser
import FoundationEssentials
import JobModel

struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Has a server protect photos and folders of photos.",
        discussion: """
            Classes, names and results are those of 'protect': the first folder inside IN is the \
            class of what lies in it unless --class names one for all, and a photo becomes \
            DIR/CLASS/NAME.png (.jpg, .webp) with its report in DIR-reports/CLASS/NAME.json. The service is told the name of IN \
            and the photo's path in it, not where IN lies. What the service has signed of each job \
            is in DIR-reports/palimpsest-manifests, for 'verify'. The photos go to the server in jobs of \
            bounded size, some of them at the same time; where it is busy or away after the first \
            answer, the call waits.

            An interrupted call goes on with --skip-existing. What it had sent is noted in \
            DIR-reports/palimpsest-jobs.json and is not sent again; the file is gone when nothing is open. \
            As with 'protect', a later call into the same DIR knows a photo by its hash: results \
            keep their names, and a new or changed photo of a name that is taken gets the next \
            number.

            A job that the server, or a proxy before it, finds too large is sent in halves, down \
            to single photos.

            The key of the server is read from --key-file, or from the variable PALIMPSEST_KEY. \
            Requests are sent by the program curl, so its variables for proxies and certificates \
            apply.

            A photo that cannot be protected is reported as `path: code: detail` and stops none of \
            the others. Exit status: 0 if all were protected, or all have results already; 1 if \
            any was not protected, among them those that have results where others do not and \
            neither --force nor --skip-existing is given; 2 for wrong usage, and if there is no \
            photo.
            """
    )

    /// The environment variable that holds the API key.
    static let keyVariable = "PALIMPSEST_KEY"
    /// The maximum total size in bytes of the photos of one job; a larger photo is sent alone.
    private static let maxJobBytes = 256 << 20

    @Argument(help: ArgumentHelp("Photos, and folders of photos.", valueName: "in"))
    var inputs: [String]

    @Option(help: ArgumentHelp("Where the service is.", valueName: "url"))
    var server = "http://127.0.0.1:8080"

    @Option(
        help: ArgumentHelp("The file with the API key, such as DATA/admin-key.", valueName: "file")
    )
    var keyFile: String?

    @Option(
        name: .customLong("cacert"),
        help: ArgumentHelp(
            "The authority of the server's certificate, PEM, if the system does not know it.",
            valueName: "file"
        )
    )
    var certificateAuthority: String?

    @OptionGroup
    var protection: ProtectionOptions

    @Option(
        help: ArgumentHelp(
            "The model of the service that protects. (default: the service's own)",
            valueName: "name"
        )
    )
    var model: String?

    @Option(
        name: .customLong("out"),
        help: ArgumentHelp("The folder of the results.", valueName: "dir")
    )
    var outputFolder: String

    @Option(help: ArgumentHelp("The most photos of one job.", valueName: "n"))
    var jobImages = 100

    @Option(
        name: [.customLong("jobs"), .customLong("parallel")],
        help: ArgumentHelp("How many jobs at once.", valueName: "n")
    )
    var jobs = 2

    @Option(
        help: ArgumentHelp(
            "How many seconds to keep retrying while the server is busy or unreachable.",
            valueName: "n"
        )
    )
    var patience = 600

    @Flag(
        help:
            "Overwrite the photos' own results of earlier calls, and protect again what the service has protected already."
    )
    var force = false

    @Flag(
        help:
            "Skip photos that have a result, to continue an interrupted call or after a folder has grown."
    )
    var skipExisting = false

    @OptionGroup var runOptions: RunOptions

    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func validate() throws {
        guard !inputs.isEmpty else {
            throw ValidationError("Name at least one photo or folder to protect.")
        }
        guard !outputFolder.isEmpty else {
            throw ValidationError("Name the folder of the results by --out DIR.")
        }
        guard server.hasPrefix("http://") || server.hasPrefix("https://"),
            !server.contains(where: \.isWhitespace)
        else {
            throw ValidationError("--server must be a URL such as https://photos.example.org.")
        }
        guard !force || !skipExisting else {
            throw ValidationError("--force and --skip-existing exclude each other.")
        }
        guard model == nil || modelName != nil else {
            throw ValidationError("--model must be \(ModelName.rule).")
        }
        guard (1...10_000).contains(jobImages) else {
            throw ValidationError("--job-images must be a whole number from 1 to 10000.")
        }
        guard (1...16).contains(jobs) else {
            throw ValidationError("--jobs must be a whole number from 1 to 16.")
        }
        guard (0...604_800).contains(patience) else {
            throw ValidationError("--patience must be a whole number of seconds up to 604800.")
        }
    }

    func run() async throws {
        // What would be sent can be seen without a key.
        let key = runOptions.dryRun ? "" : try readKey()
        let url = String(server.reversed().drop { $0 == "/" }.reversed())
        let output = try OutputFolder(path: outputFolder, reports: runOptions.reports)
        defer { output.cleanUp() }
        let openJobs = try OpenJobs(folder: output, server: url)
        let changed = runOptions.dryRun ? [] : try openJobs.forgetChanged()
        let plan = InputPlan(
            inputs: inputs,
            label: try protection.classLabel,
            output: output,
            existing: force ? .overwritten : skipExisting ? .kept : .refused,
            settings: try settings,
            open: openJobs.all.flatMap(\.entries),
            isQuiet: quiet
        )
        let faults =
            plan.faults + changed.filter { !plan.considers($0.absolutePath) }.map(Self.changed)
        if openJobs.all.isEmpty, faults.count == plan.faults.count, let refusal = plan.refusal {
            throw UsageFault(refusal)
        }
        if let remark = plan.remark, !quiet { StandardError.write("\(remark)\n") }
        if runOptions.dryRun { return try runOptions.show(plan, in: output) }
        if openJobs.all.isEmpty, let completion = plan.completion {
            if !quiet { StandardError.write("\(completion)\n") }
            if faults.isEmpty {
                return try runOptions.report(RunSummary(in: output, isDryRun: false))
            }
        }

        let interruption = Interruption()
        defer { withExtendedLifetime(interruption) {} }
        let connection = JobServer(
            url: url,
            curl: try Curl(folder: output.reports, parallel: jobs),
            key: key,
            certificateAuthority: certificateAuthority,
            patience: .seconds(patience),
            isQuiet: quiet
        )
        let tasks = tasks(plan, openJobs)
        if !tasks.isEmpty { try await connection.greet() }
        let total = tasks.reduce(faults.count) { $0 + $1.count }
        let progress = Progress(total: total, isQuiet: quiet)
        for fault in faults { progress.fail(fault, wasTried: false) }
        let submission = Submission(
            server: connection,
            settings: try settings,
            protectsAgain: force,
            openJobs: openJobs,
            results: ResultFiles(output: output, isOverwriting: force, progress: progress),
            parallel: jobs
        )
        try await submission.run(tasks)
        let failed = progress.finish(in: output.path)
        try runOptions.report(progress.summary(in: output))
        if failed > 0 { throw ExitCode.failure }
    }

    // MARK: - Steps

    private var settings: ProtectionSettings {
        get throws {
            let settings = try protection.settings
            return modelName.map(settings.choosing) ?? settings
        }
    }

    private var modelName: ModelName? { model.flatMap(ModelName.init) }

    private func readKey() throws -> String {
        let text: String
        if let keyFile {
            do throws(PictureFile.Fault) {
                text = String(
                    decoding: try PictureFile.read(keyFile, expecting: 0, limit: 1 << 12),
                    as: UTF8.self
                )
            } catch {
                throw UsageFault(
                    "The key \(StandardError.printable(keyFile)) cannot be used. \(error.failure.detail)"
                )
            }
        } else {
            text = ProcessInfo.processInfo.environment[Self.keyVariable] ?? ""
        }
        let key = text.split(whereSeparator: \.isWhitespace)
        guard key.count == 1, let key = key.first,
            key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw UsageFault(
                "Name the file with the server's API key by --key-file, or set \(Self.keyVariable)."
            )
        }
        return String(key)
    }

    /// Returns the tasks: the jobs that an earlier run left open, then the remaining photos.
    private func tasks(_ plan: InputPlan, _ openJobs: OpenJobs) -> [Submission.Task] {
        let batches = Batch.divide(plan.pictures, maxImages: jobImages, maxBytes: Self.maxJobBytes)
        return openJobs.all.map { .resume($0) } + batches.map { .send($0) }
    }

    /// Reports a photo that changed before an interrupted run sent it and that this run does not
    /// name.
    private static func changed(_ entry: Batch.Entry) -> PictureFault {
        let detail =
            "The photo was changed before an interrupted call had sent it; name it again to protect what it is now."
        return PictureFault(
            path: entry.absolutePath,
            failure: ImageFailure(code: "input_changed", detail: detail)
        )
    }
}

extension Submission.Task {
    /// The number of photos.
    var count: Int {
        switch self {
        case .resume(let batch): batch.entries.count
        case .send(let pictures): pictures.count
        }
    }
}
