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
            trained adversarially with a small radius learn the photo, but less well.
            """
    )

    @OptionGroup var options: FitOptions

    func run() throws {
        try PythonProgram.find().run("methods.fit", ["sem"] + options.words)
    }
}
