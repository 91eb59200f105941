/// Counts photos that are given back and shows the progress, with errors in between.
struct UnlockProgress {
    private(set) var summary = UnlockSummary()
    private let isQuiet: Bool
    private var bar: ProgressBar
    private var untried = 0

    /// Starts with no picture done.
    ///
    /// - Parameters:
    ///   - total: The number of pictures, with those that cannot be unlocked.
    ///   - isQuiet: Whether to print only errors.
    init(total: Int, isQuiet: Bool) {
        self.isQuiet = isQuiet
        bar = ProgressBar(total: total, isQuiet: isQuiet)
    }

    /// Counts a photo that was given back.
    mutating func succeed() {
        summary.unlocked += 1
        show()
    }

    /// Counts a photo that was there already.
    mutating func skip() {
        summary.skipped += 1
        untried += 1
        show()
    }

    /// Counts a file whose photo was not given back.
    ///
    /// - Parameters:
    ///   - path: The path of the file.
    ///   - detail: The reason.
    ///   - wasTried: Whether the file took its time.
    ///   - isTold: Whether the reason has been printed, for several files at once.
    mutating func fail(
        _ path: String,
        _ detail: String,
        wasTried: Bool = false,
        isTold: Bool = false
    ) {
        summary.failed.append(.init(file: path, detail: detail))
        if !wasTried { untried += 1 }
        guard !isTold else { return }
        tell(path, detail)
        show()
    }

    /// Prints the reason for a failure.
    mutating func tell(_ path: String, _ detail: String) {
        // File names are untrusted, and so is what a child says that has seen a picture.
        bar.write([path, detail].map(StandardError.printable).joined(separator: ": ") + "\n")
    }

    /// Prints the count.
    mutating func finish(in folder: String) {
        guard !isQuiet else { return }
        let (skipped, failed) = (summary.skipped, summary.failed.count)
        bar.write(
            "unlocked \(summary.unlocked) of \(bar.total) pictures into "
                + StandardError.printable(folder)
                + (skipped == 0
                    ? "" : "; \(skipped) \(skipped == 1 ? "was" : "were") there already")
                + (failed == 0 ? "" : "; \(failed) failed") + "\n"
        )
    }

    private mutating func show() {
        let failed = summary.failed.count
        bar.show(
            .init(
                done: summary.unlocked + summary.skipped + failed,
                failed: failed,
                untried: untried
            )
        )
    }
}
