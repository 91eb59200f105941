import ArgumentParser
import CodecHost
import FoundationEssentials
import Imaging
import JobModel

struct ProtectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "protect",
        abstract: "Protects photos and folders of photos, without a server.",
        discussion: """
            Every photo needs a class: what is hidden in the pictures of one class looks alike. \
            The first folder inside IN is the class of what lies in it, at any depth. Where IN \
            holds a single folder, and that one nothing but several folders, such as \
            Takeout/Google Photos, it is passed through: its folders are the classes. With --class \
            NAME every photo of the call has that class, whatever folders it lies in. The classes \
            that were found are listed before the work begins. A folder whose class has results in \
            DIR stays a class; so that a later call finds the same ones, name the same IN again, \
            or --class.

            A photo becomes DIR/CLASS/NAME.png, or .jpg or .webp with --format. What is not to be \
            published lies in a folder of its own, DIR-reports unless --reports names another: \
            CLASS/NAME.json is a picture's report and names the photo's path. Equal names get -2, -3 in the order of the paths. Links to folders \
            are followed, but not in a circle. What is no picture in a folder is passed over and \
            counted: hidden files, videos, sidecars (.aae, .json, .xmp and the like), what systems \
            and photo libraries keep beside photos (Thumbs.db, @eaDir, __MACOSX), and what is no \
            picture by name and content.

            Which class has which semantic image follows from a family seed and the order in which \
            the classes were first seen. Both are kept in palimpsest-classes.json among the reports, so that a \
            later call into the same DIR goes on with the same assignments. Without --family-seed \
            a new DIR gets a random seed. Whoever knows the seed can make the same semantic \
            images: treat the file as a secret. The reports hold no secret, but the originals' \
            hashes.

            A later call into the same DIR knows a photo by its hash, which the report holds, \
            whatever the photo is called and wherever it lies by then. Results keep their names; a \
            new or changed photo of a name that is taken gets the next number, and a file that is \
            no result is never overwritten. Copies of a photo have a result each.

            IN may be -, the standard input, for one photo, which needs --class; its result is \
            called standard-input. The class's image must be the same for all photos of the \
            class, so DIR is a folder even then.

            A photo that cannot be protected is reported as `path: code: detail` and stops none of \
            the others. Exit status: 0 if all were protected, or all have results already; 1 if \
            any was not protected, among them those that have results where others do not and \
            neither --force nor --skip-existing is given; 2 for wrong usage, and if there is no \
            photo.
            """
    )

    @Argument(help: ArgumentHelp("Photos, and folders of photos.", valueName: "in"))
    var inputs: [String]

    @OptionGroup
    var protection: ProtectionOptions

    @Option(
        name: .customLong("out"),
        help: ArgumentHelp("The folder of the results.", valueName: "dir")
    )
    var outputFolder: String

    @OptionGroup var weightsOptions: WeightsOptions

    @Option(
        name: [.customLong("family-seed"), .customLong("seed")],
        help: "The seed of the semantic images, 0 to 2^64-1; for a DIR that has none yet."
    )
    var familySeed: UInt64?

    @Option(
        help: ArgumentHelp(
            "A folder with one's own semantic images for some or all classes.",
            valueName: "dir"
        )
    )
    var semanticImages: String?

    @Option(
        help: "How many photos at once, or threads for a single one; by default one per processor."
    )
    var jobs = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: CompressionLevelOption.help)
    var compressionLevel = PNGEncoder.defaultCompressionLevel

    @OptionGroup var pixelsOption: MaxPixelsOption

    @OptionGroup var filterOption: SystemCallFilterOption

    @Flag(
        help:
            "Overwrite the photos' own results of earlier calls, and protect again what has a report."
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

    @Flag(
        help: ArgumentHelp(
            "Give every photo a semantic image of its own, whatever its class.",
            discussion: """
                The negative control of the evaluation: such photos are damaged as much as others \
                but are not protected, because nothing tells their class any more.
                """
        )
    )
    var freshSemanticImages = false

    func validate() throws {
        guard !inputs.isEmpty else {
            throw ValidationError("Name at least one photo or folder to protect.")
        }
        guard inputs.count(where: { $0 == InputFile.standardInput }) <= 1 else {
            throw ValidationError("Only one photo can be -, the standard input.")
        }
        guard !outputFolder.isEmpty else {
            throw ValidationError("Name the folder of the results by --out DIR.")
        }
        guard semanticImages == nil || !freshSemanticImages else {
            throw ValidationError(
                "--semantic-images and --fresh-semantic-images exclude each other."
            )
        }
        guard !force || !skipExisting else {
            throw ValidationError("--force and --skip-existing exclude each other.")
        }
        try CompressionLevelOption.check(compressionLevel)
        guard (1...256).contains(jobs) else {
            throw ValidationError("--jobs must be a whole number from 1 to 256.")
        }
    }

    func run() async throws {
        let models = try weightsOptions.find()
        let ownImages = try semanticImages.map { path throws(UsageFault) in
            try SemanticImageFolder(path: path)
        }
        let output = try OutputFolder(path: outputFolder, reports: runOptions.reports)
        defer { output.cleanUp() }
        let settings = try protection.settings
        let plan = InputPlan(
            inputs: inputs,
            standardInput: try storeStandardInput(in: output),
            label: try protection.classLabel,
            output: output,
            existing: force ? .overwritten : skipExisting ? .kept : .refused,
            settings: settings,
            isQuiet: quiet
        )
        if let refusal = plan.refusal { throw UsageFault(refusal) }
        if let remark = plan.remark, !quiet { StandardError.write("\(remark)\n") }
        if runOptions.dryRun { return try runOptions.show(plan, in: output) }
        var classes = try ClassRegistry(
            folder: output,
            familySeed: familySeed,
            isFresh: freshSemanticImages
        )
        if let completion = plan.completion {
            if !quiet { StandardError.write("\(completion)\n") }
            return try runOptions.report(RunSummary(in: output, isDryRun: false))
        }
        let assignments = plan.pictures.map { classes.assignment(of: $0) }
        let pool =
            plan.pictures.isEmpty
            ? nil
            : try CodecPool.start(
                models: models,
                count: min(jobs, plan.pictures.count),
                cores: jobs,
                compressionLevel: compressionLevel,
                maxPixels: pixelsOption.maxPixels,
                filter: filterOption.systemCallFilter
            )
        let imported: ImportedClasses
        do {
            imported = try await importedClasses(ownImages, for: plan, by: pool, in: output)
        } catch {
            await pool?.stop()
            throw error
        }
        if pool != nil { try classes.save(in: output) }
        let progress = Progress(
            total: plan.pictures.count + plan.faults.count,
            isQuiet: quiet,
            announcement: classes.announcement(in: output)
        )
        for fault in plan.faults { progress.fail(fault, wasTried: false) }
        if let pool {
            let protection = FileProtection(
                codecs: pool,
                settings: settings,
                imported: imported,
                results: ResultFiles(output: output, isOverwriting: force, progress: progress)
            )
            let sources = zip(plan.pictures, assignments).map { picture, assignment in
                (picture, imported.artefact(of: picture.label, generated: assignment))
            }
            do {
                try await protection.run(sources)
            } catch {
                if progress.succeeded == 0 { classes.removeIfNew(from: output) }
                throw error
            }
        }
        let failed = progress.finish(in: output.path)
        if progress.succeeded == 0 { classes.removeIfNew(from: output) }
        try runOptions.report(progress.summary(in: output))
        if failed > 0 { throw ExitCode.failure }
    }

    // MARK: - Steps

    /// Stores the photo that comes from the standard input; `nil` if none does.
    private func storeStandardInput(in output: OutputFolder) throws -> String? {
        guard inputs.contains(InputFile.standardInput) else { return nil }
        let bytes = try InputFile.read(
            InputFile.standardInput,
            limit: FileProtection.maxFileBytes
        )
        do throws(OutputFolder.Fault) {
            return try output.reports.temporaryFile(called: "standard-input", with: bytes)
        } catch {
            throw CommandFault("The standard input could not be stored: \(error).")
        }
    }

    /// Checks the user's own semantic images before any photo is protected.
    private func importedClasses(
        _ folder: SemanticImageFolder?,
        for plan: InputPlan,
        by pool: CodecPool?,
        in output: OutputFolder
    ) async throws -> ImportedClasses {
        guard let folder, let pool else { return ImportedClasses() }
        let labels = Set(plan.pictures.map(\.label))
        let others = labels.subtracting(folder.classes.map(\.label)).map(\.text).sorted()
        if let first = others.first, !quiet {
            StandardError.write(
                others.count == 1
                    ? "generated the semantic image of 1 class without a folder in \(folder.path): \(first)\n"
                    : "generated the semantic images of \(others.count) classes without a folder in \(folder.path), "
                        + "such as \(first)\n"
            )
        }
        let mode = try protection.settings.mode
        return try await ImportedClasses(
            from: folder,
            labels: labels,
            mode: mode,
            codecs: pool,
            output: output
        )
    }
}
