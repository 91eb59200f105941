import ArgumentParser

/// The `fit uge` command: ungeneralizable examples.
struct FitUGECommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uge",
        abstract:
            "Fits ungeneralizable examples (UGE): pictures from which only a licensed recipe learns.",
        discussion: """
            Beside the weights file it writes a licence: the start and the recipe of the one \
            learner that still learns from the protected pictures. The licence authorises a recipe \
            and not a person: whoever has the file can use it and pass it on.
            """
    )

    @OptionGroup var options: FitOptions

    @Option(
        help: ArgumentHelp(
            "The learner to license, as JSON: {\"learner\", \"start\", \"epochs\", \"batch\", \"rate\", \"pad\"}.",
            valueName: "file"
        )
    )
    var authorised: String

    @Option(
        help: ArgumentHelp(
            "The licence file to write; by default FILE with .licence.json in place of .safetensors.",
            valueName: "file"
        )
    )
    var licence: String?

    func run() throws {
        let words = options.words + ["--authorised", authorised]
        try PythonProgram.find().run(
            "methods.fit",
            ["uge"] + words + (licence.map { ["--licence", $0] } ?? [])
        )
    }
}
