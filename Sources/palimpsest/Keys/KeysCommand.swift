import ArgumentParser

/// The `keys` command and its subcommands.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Makes, lists, shows and revokes the API keys of a service.",
        discussion: """
            Servers may run meanwhile, and apply every change at once, or within a second if they \
            share a database; where none has been started yet, start one. Run this as the user of \
            the server, or anywhere if --database names one in PostgreSQL.
            """,
        subcommands: [
            KeysCreateCommand.self, KeysListCommand.self, KeysShowCommand.self,
            KeysRevokeCommand.self,
        ]
    )
}
