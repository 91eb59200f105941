import ArgumentParser
import JobModel
import Operations
import Queue

struct KeysRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revokes an API key for good.",
        discussion: """
            A running server refuses it from then on, also for uploads that are under way. Its \
            jobs stay until their time is over. The last active key with the scope admin cannot be \
            revoked.
            """
    )

    @Argument(help: ArgumentHelp("The key.", valueName: "name-or-id"))
    var key: String

    @OptionGroup var storeOptions: StoreOptions

    @OptionGroup var jsonOption: JSONOption

    func run() async throws {
        let (revoked, text) = try await storeOptions.withKeys { keys throws(KeyRing.Fault) in
            let revoked = try await keys.revoke(named: key)
            guard jsonOption.json else { return (revoked, "") }
            // As it is now, with the time of its end.
            return (revoked, try keys.json(of: try await keys.key(named: revoked.id.text)))
        }
        print(text, terminator: "")
        StandardError.write("The API key \(revoked.id) is revoked.\n")
    }
}
