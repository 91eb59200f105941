import ArgumentParser

/// The `fit` command: fits a method to a set of pictures, in Python.
struct FitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fit",
        abstract: "Fits a method to the pictures of a folder, for protecting them as a set.",
        discussion: """
            Deep hiding protects any photo at once. The methods here begin with a set: a folder \
            that holds a folder of pictures for each class, at least 500 pictures and 20 of each \
            class. What comes out is a weights file for 'protect --weights', or for the folder of \
            weights of a service, whose uploads then choose it by model.

            The fit runs in Python with PyTorch, on processors alone, for some minutes. It learns \
            from the pictures' central squares at no more than 64 x 64 pixels.
            """,
        subcommands: [FitSEMCommand.self, FitUGECommand.self]
    )
}

/// The options that fits of all methods share.
struct FitOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The folder that holds a folder for each class.", valueName: "folder")
    )
    var folder: String

    @Option(help: ArgumentHelp("The weights file to write.", valueName: "file"))
    var out: String

    @Flag(help: "Replace the file that is there.")
    var force = false

    @Flag(help: "Do not measure at the end what a network learns from the protected set.")
    var noMeasure = false

    @Flag(help: "Print nothing but errors.")
    var quiet = false

    @OptionGroup var jsonOption: JSONOption

    /// The arguments of the Python program for these options.
    var words: [String] {
        var words = [folder, "--out", out]
        if force { words.append("--force") }
        if noMeasure { words.append("--no-measure") }
        if jsonOption.json { words.append("--json") }
        if quiet { words.append("--quiet") }
        return words
    }
}
