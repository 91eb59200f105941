import JobModel
import Synchronization

/// Shows progress: a bar on a terminal, otherwise a line for every tenth, with errors in between.
final class Progress: Sendable {
    private struct State {
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
        var tenth = 0
        var lastDrawn: ContinuousClock.Instant?
        /// The message to print with the first protected picture.
        var announcement: String?
    }

    private static let barWidth = 30
    private static let redrawInterval: Duration = .milliseconds(100)

    let total: Int
    private let isQuiet: Bool
    private let isTerminal = StandardError.isTerminal
    private let start = ContinuousClock.now
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
        state = Mutex(State(announcement: announcement))
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
                StandardError.write("\(isTerminal ? "\r\u{1B}[K" : "")\(announcement)\n")
                state.lastDrawn = nil
            }
            state.announcement = nil
            show(&state)
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
            let erase = isTerminal && !isQuiet ? "\r\u{1B}[K" : ""
            let failure = fault.failure
            // File names and server messages are untrusted.
            let words = [fault.path, failure.code, failure.detail].map(StandardError.printable)
            StandardError.write("\(erase)\(words.joined(separator: ": "))\n")
            state.lastDrawn = nil
            show(&state)
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
                let erase = isTerminal ? "\r\u{1B}[K" : ""
                let (existing, failed) = (state.existing, state.failed - state.existing)
                let ends =
                    (existing == 0
                        ? ""
                        : "; \(existing) \(existing == 1 ? "has a result" : "have results") already")
                    + (failed == 0 ? "" : "; \(failed) failed")
                StandardError.write(erase + Self.warning(masked: state.masked))
                StandardError.write(
                    "protected \(state.done - state.failed) of \(total) pictures into "
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

    private func show(_ state: inout State) {
        guard !isQuiet, total > 0 else { return }
        guard isTerminal else {
            let tenth = state.done * 10 / total
            if tenth > state.tenth, state.done < total {
                state.tenth = tenth
                StandardError.write("\(state.done) of \(total) pictures\(failures(state))\n")
            }
            return
        }
        let now = ContinuousClock.now
        if let last = state.lastDrawn, now - last < Self.redrawInterval, state.done < total {
            return
        }
        state.lastDrawn = now
        let filled = Self.barWidth * state.done / total
        let bar =
            String(repeating: "#", count: filled)
            + String(repeating: "-", count: Self.barWidth - filled)
        StandardError.write(
            "\r[\(bar)] \(state.done)/\(total)\(failures(state))\(timeLeft(state, now))\u{1B}[K"
        )
    }

    private func failures(_ state: State) -> String {
        let failed = state.failed - state.existing
        return failed == 0 ? "" : ", \(failed) failed"
    }

    private func timeLeft(_ state: State, _ now: ContinuousClock.Instant) -> String {
        let tried = state.done - state.untried
        guard tried > 0, state.done < total else { return "" }
        let left = (now - start) / tried * (total - state.done)
        let seconds = left.components.seconds + 1
        return seconds < 60 ? ", \(seconds) s left" : ", \(seconds / 60) min \(seconds % 60) s left"
    }
}
