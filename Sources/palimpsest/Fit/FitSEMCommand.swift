import ArgumentParser

/// The `fit sem` command: stable error-minimising noise.
struct FitSEMCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sem",
        abstract:
            "Fits stable error-minimising noise (SEM), for sets that may be trained on adversarially.",
        discussion: """
            A small network learns the set under attack, and every photo then gets the noise that \
            this network tells best. Networks learn the noise instead of the photo, also when they \
            are trained adversarially with a small radius. JPEG of low quality and a gray copy \
            undo more of it than of deep hiding.
            """
    )

    @OptionGroup var options: FitOptions

    func run() throws {
        try PythonProgram.find().run("methods.fit", ["sem"] + options.words)
    }
}
