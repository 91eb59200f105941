import ArgumentParser

/// The `fit sem` command: stable error-minimising noise.
struct FitSEMCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sem",
        abstract:
            "Fits stable error-minimising noise (SEM), for sets that may be trained on adversarially.",
        discussion: """
            A small network learns the set under attack, and every photo then gets the noise that \
            this network tells best. Networks learn the noise instead of the photo; those that are \
            trained adversarially with a small radius learn the photo, but less well. The file \
            protects photos of the set's classes and no others.

            An interrupted fit goes on when the same command is given again; its state lies beside \
            FILE as FILE.checkpoint.
            """
    )

    @OptionGroup var options: FitOptions

    @Option(help: "The seed of every random draw.")
    var seed = 0

    @Option(help: "Fewer or more steps than the method's own; fewer protect less.")
    var steps: Int?

    @Flag(help: "Begin anew, whatever an interrupted fit has left.")
    var restart = false

    func validate() throws {
        guard steps.map({ $0 >= 1 }) ?? true else {
            throw ValidationError("--steps must be at least 1.")
        }
        guard seed >= 0 else { throw ValidationError("--seed must be at least 0.") }
    }

    func run() throws {
        var words = ["sem"] + options.words + ["--seed", "\(seed)"]
        if let steps { words += ["--steps", "\(steps)"] }
        if restart { words.append("--restart") }
        try PythonProgram.find().run("methods.fit", words)
    }
}
