import ArgumentParser
import FoundationEssentials
import Operations
import POSIX

/// The `keys` command and its subcommands.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Makes, lists, shows and revokes the API keys of a service.",
        discussion: """
            The server that has the data folder may run meanwhile, and applies every change at once; \
            where none has been started yet, start it once. Run this as the user of the server.
            """,
        subcommands: [
            KeysCreateCommand.self, KeysListCommand.self, KeysShowCommand.self,
            KeysRevokeCommand.self,
        ]
    )
}

extension DataOption {
    /// Runs `work` on the API keys of the folder, whether or not a server is using it.
    ///
    /// - Throws: ``CommandFault``, or ``UsageFault`` if the fault is one of usage.
    func withKeys<Value>(
        _ work: (KeyRing) async throws(KeyRing.Fault) -> Value
    ) async throws -> Value {
        // SQLite may create files beside the database. Keep them private, as the server does.
        FileSystem.keepNewFilesPrivate()
        do throws(KeyRing.Fault) {
            let keys = try KeyRing(dataFolder: path)
            let value = try await work(keys)
            try keys.close()
            return value
        } catch {
            let sentence = StandardError.printable(error.description)
            if error.isUsage { throw UsageFault(sentence) }
            throw CommandFault(sentence)
        }
    }
}
