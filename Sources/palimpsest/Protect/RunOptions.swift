import ArgumentParser

/// What `protect` and `submit` print, and whether they do anything else.
struct RunOptions: ParsableArguments {
    @OptionGroup var jsonOption: JSONOption

    @Option(
        help: ArgumentHelp(
            "The folder of the reports, the seed and the manifests, which are not to be published. (default: DIR-reports)",
            valueName: "dir"
        )
    )
    var reports: String?

    @Flag(
        help: ArgumentHelp(
            "Protect nothing, but print which photo would get which class and which file.",
            discussion: "A line a photo, with tabs between, or an object with --json."
        )
    )
    var dryRun = false

    /// Prints what a run would do.
    ///
    /// - Throws: `ExitCode` if a photo would not be protected, as the run itself would.
    func show(_ plan: InputPlan, in output: OutputFolder) throws {
        let summary = RunSummary(of: plan, in: output)
        if jsonOption.json {
            try jsonOption.write(summary)
        } else {
            StandardOutput.write(summary.text)
            for fault in summary.faults {
                let words = [fault.path, fault.code, fault.detail].map(StandardError.printable)
                StandardError.write(words.joined(separator: ": ") + "\n")
            }
        }
        if !summary.faults.isEmpty { throw ExitCode.failure }
    }

    /// Prints what a run has done, if it was asked for.
    func report(_ summary: @autoclosure () -> RunSummary) throws {
        if jsonOption.json { try jsonOption.write(summary()) }
    }
}
