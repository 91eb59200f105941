import ArgumentParser
import FoundationEssentials
import Operations
import POSIX

/// The API keys of a service.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Makes, lists, shows and revokes the API keys of a service.",
        discussion: """
            The server that has the data folder may run meanwhile, and heeds every change at once; where none has been started \
            yet, start it once. Run this as the user of the server.
            """,
        subcommands: [KeysCreateCommand.self, KeysListCommand.self, KeysShowCommand.self, KeysRevokeCommand.self]
    )
}

extension DataOption {
    /// Works on the keys of the folder, whether or not a server has it.
    ///
    /// - Throws: ``CommandFault``, ``UsageFault``.
    func withKeys<Value>(_ work: (KeyRing) async throws(KeyRing.Fault) -> Value) async throws -> Value {
        // What SQLite may have to make beside the database is for nobody else, as with the server.
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
