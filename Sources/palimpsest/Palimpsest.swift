import ArgumentParser

@main
struct Palimpsest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "palimpsest",
        abstract: "Makes photos unlearnable by deep hiding."
    )
}
