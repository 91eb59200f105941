import ArgumentParser
import Operations

struct KeysShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows everything about an API key except its secret, as JSON."
    )

    @Argument(help: ArgumentHelp("The key.", valueName: "name-or-id"))
    var key: String

    @OptionGroup var storeOptions: StoreOptions

    @Flag(help: "As JSON, which it is without this too.")
    var json = false

    func run() async throws {
        let text = try await storeOptions.withKeys { keys throws(KeyRing.Fault) in
            try keys.json(of: try await keys.key(named: key))
        }
        print(text, terminator: "")
    }
}
