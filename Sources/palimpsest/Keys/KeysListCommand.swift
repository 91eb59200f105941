import ArgumentParser
import JobModel
import Operations
import Queue

struct KeysListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the API keys, the oldest first.",
        discussion: """
            One line a key: its identifier, its name, the beginning of its secret, its scopes, and \
            whether it is active, expired or revoked. Tabs stand between them. With --json it is \
            everything that GET /v1/keys returns.
            """
    )

    @OptionGroup var storeOptions: StoreOptions

    @OptionGroup var jsonOption: JSONOption

    func run() async throws {
        let text = try await storeOptions.withKeys { keys throws(KeyRing.Fault) in
            let all = try await keys.keys()
            return jsonOption.json
                ? try keys.json(of: all) : all.map { Self.line($0, keys.state(of: $0)) }.joined()
        }
        print(text, terminator: "")
    }

    private static func line(_ key: APIKey, _ state: APIKeyState) -> String {
        let scopes = key.scopes.map(\.rawValue).sorted().joined(separator: ",")
        return [key.id.text, StandardError.printable(key.name), key.prefix, scopes, state.rawValue]
            .joined(separator: "\t") + "\n"
    }
}
