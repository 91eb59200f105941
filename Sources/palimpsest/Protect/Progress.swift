import JobModel
import Synchronization

/// Counts the pictures of a run and shows its progress, with errors in between.
final class Progress: Sendable {
    private struct State {
        var bar: ProgressBar
        var done = 0
        var failed = 0
        /// How many of the failed pictures took no time, because they were not tried.
        var untried = 0
        /// How many of the failed pictures already have a result.
        var existing = 0
        /// How many of the protected pictures got the mask of photos.
        var masked = 0
        /// The pictures so far, for the summary.
        var photos: [RunSummary.Photo] = []
        var faults: [RunSummary.Fault] = []
        /// The message to print with the first protected picture.
        var announcement: String?

        mutating func show() {
            bar.show(.init(done: done, failed: failed - existing, untried: untried))
        }
    }

    let total: Int
    private let isQuiet: Bool
    private let state: Mutex<State>

    /// Starts with no picture done.
    ///
    /// - Parameters:
    ///   - total: The number of pictures.
    ///   - isQuiet: Whether to print only errors.
    ///   - announcement: A message to print once the first picture is protected.
    init(total: Int, isQuiet: Bool, announcement: String? = nil) {
        self.total = total
        self.isQuiet = isQuiet
        state = Mutex(
            State(bar: ProgressBar(total: total, isQuiet: isQuiet), announcement: announcement)
        )
    }

    /// The number of pictures protected so far.
    var succeeded: Int { state.withLock { $0.done - $0.failed } }

    /// Counts a protected picture.
    ///
    /// - Parameters:
    ///   - picture: The photo.
    ///   - path: The path of the result.
    ///   - mask: The mask that it got.
    func succeed(_ picture: PlannedPicture, at path: String, _ mask: AppliedMask) {
        state.withLock { state in
            state.photos.append(RunSummary.Photo(picture, at: path))
            state.done += 1
            if mask == .photo { state.masked += 1 }
            if let announcement = state.announcement, !isQuiet {
                state.bar.write("\(announcement)\n")
            }
            state.announcement = nil
            state.show()
        }
    }

    /// Counts a picture that was not protected, and prints the reason.
    ///
    /// - Parameters:
    ///   - fault: The picture and the reason.
    ///   - wasTried: Whether the picture took its time, so that it helps to tell the time left.
    func fail(_ fault: PictureFault, wasTried: Bool = true) {
        state.withLock { state in
            state.done += 1
            state.failed += 1
            state.faults.append(RunSummary.Fault(fault))
            if !wasTried { state.untried += 1 }
            if fault.isDone { state.existing += 1 }
            let failure = fault.failure
            // File names and server messages are untrusted.
            let words = [fault.path, failure.code, failure.detail].map(StandardError.printable)
            state.bar.write("\(words.joined(separator: ": "))\n")
            state.show()
        }
    }

    /// The pictures so far, in the order in which they ended.
    func summary(in output: OutputFolder) -> RunSummary {
        state.withLock { state in
            RunSummary(in: output, isDryRun: false, photos: state.photos, faults: state.faults)
        }
    }

    /// Prints the summary, which says what the mask of photos costs where it was used.
    ///
    /// - Returns: The number of pictures that were not protected.
    func finish(in folder: String) -> Int {
        state.withLock { state in
            if !isQuiet {
                let (existing, failed) = (state.existing, state.failed - state.existing)
                let ends =
                    (existing == 0
                        ? ""
                        : "; \(existing) \(existing == 1 ? "has a result" : "have results") already")
                    + (failed == 0 ? "" : "; \(failed) failed")
                state.bar.write(
                    Self.warning(masked: state.masked)
                        + "protected \(state.done - state.failed) of \(total) pictures into "
                        + "\(StandardError.printable(folder))\(ends)\n"
                )
            }
            return state.failed
        }
    }

    /// Says what the mask of photos costs; empty if no picture got it.
    private static func warning(masked count: Int) -> String {
        guard count > 0 else { return "" }
        return """
            \(count == 1 ? "1 photo" : "\(count) photos") got the mask of photos: the change is \
            hardly seen, and makes photos of full size harder to learn with the weights that ship, \
            not impossible; --mask none protects more, with visible patterns

            """
    }
}
