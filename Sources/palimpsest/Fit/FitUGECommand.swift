import ArgumentParser
import CodecHost
import POSIX

/// The `fit uge` command: ungeneralizable examples, and the licence to learn from them.
struct FitUGECommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uge",
        abstract:
            "Makes a model of ungeneralizable examples (UGE) and a licence to learn from them.",
        discussion: """
            The model protects small photos of any class by deep hiding, along secret colours. A \
            licensed learner leaves these colours out and learns the photos; others learn the \
            hidden images. FILE gets a licence beside it, FILE without .safetensors and with \
            .licence.json: the secret colours and the learner that --authorised describes.

            A licence authorises a recipe and not a person: whoever has it can learn and can pass \
            it on. The set's pictures are only for measuring, on this set, what the licensed \
            learner and another one learn.

            LEARNER is a JSON object such as {"learner": "narrow", "start": 7}: an architecture \
            (narrow, plain, wide, ...) and the seed of its first weights, and if they are not the \
            defaults epochs, batch, rate and pad, the shifts in pixels.
            """
    )

    @OptionGroup var options: FitOptions

    @Option(help: ArgumentHelp("The learner to license, a JSON file.", valueName: "learner"))
    var authorised: String

    @Option(
        help: """
            A seed of the colours instead of the system's random numbers; who knows it knows them.
            """
    )
    var seed: Int?

    @Option(
        help: ArgumentHelp(
            "The weights of deep hiding to use, instead of the shipped ones.",
            valueName: "file"
        )
    )
    var weights: String?

    func validate() throws {
        guard seed.map({ $0 >= 0 }) ?? true else {
            throw ValidationError("--seed must be at least 0.")
        }
    }

    func run() throws {
        let hiding: String
        do {
            hiding = try WeightsFile.find(named: weights)
        } catch {
            throw UsageFault(StandardError.printable(error.description))
        }
        guard let binary = FileSystem.resolved("/proc/self/exe") else {
            throw CommandFault("The program cannot find itself by /proc/self/exe.")
        }
        var words = ["uge"] + options.words + ["--authorised", authorised]
        words += ["--binary", binary, "--weights", hiding]
        if let seed { words += ["--seed", "\(seed)"] }
        try PythonProgram.find().run("methods.fit", words)
    }
}
