import ArgumentParser
import JobModel
import Operations
import Queue

struct KeysCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Makes an API key and prints its secret.",
        discussion: """
            The secret alone goes to the standard output, so that KEY=$(palimpsest keys create \
            NAME) works; it is stored nowhere and cannot be shown again. Without limits the key \
            may send any number of images. With --json the secret is in an object together with \
            what 'keys show' tells.
            """
    )

    @Argument(help: "A name for people.")
    var name: String

    @OptionGroup var storeOptions: StoreOptions

    @OptionGroup var jsonOption: JSONOption

    @Option(
        help: ArgumentHelp(
            "What it may do: submit (send images, cancel and erase jobs), read (fetch), admin (keys).",
            valueName: "scope,…"
        )
    )
    var scopes = "submit,read"

    @Option(
        help: ArgumentHelp(
            "When it expires, such as 2030-01-31T12:00:00Z. (default: never)",
            valueName: "time"
        )
    )
    var expiresAt: String?

    @Option(help: ArgumentHelp("After how many seconds it expires.", valueName: "number"))
    var expiresInSeconds: Int64?

    @Option(
        help: ArgumentHelp(
            "The most images that it may have queued or running at a time.",
            valueName: "number"
        )
    )
    var imagesQueued: Int?

    @Option(help: ArgumentHelp("The most bytes that those images may have.", valueName: "number"))
    var bytesQueued: Int?

    @Option(help: ArgumentHelp("The most jobs that it may create per minute.", valueName: "number"))
    var jobsPerMinute: Int?

    func run() async throws {
        var new = KeyRing.NewKey(
            name: name,
            scopes: scopes.split(separator: ",", omittingEmptySubsequences: false).map(String.init),
            quotas: APIKeyQuotas(
                imagesQueued: imagesQueued,
                bytesQueued: bytesQueued,
                jobsPerMinute: jobsPerMinute
            )
        )
        new.expiresAt = expiresAt
        new.expiresInSeconds = expiresInSeconds
        let (key, text) = try await storeOptions.withKeys { keys throws(KeyRing.Fault) in
            let (key, secret) = try await keys.create(new)
            return (
                key, jsonOption.json ? try keys.json(of: key, secret: secret) : secret.text + "\n"
            )
        }
        print(text, terminator: "")
        StandardError.write(
            "The API key \(key.id) was created. Keep the secret above: it cannot be shown again.\n"
        )
    }
}
