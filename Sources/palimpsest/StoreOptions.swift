import ArgumentParser
import FoundationEssentials
import HTTPAPI
import Operations
import POSIX

/// The `--data` and `--database` options: what a command works on while servers run.
struct StoreOptions: ParsableArguments {
    @OptionGroup var dataOption: DataOption

    @Option(
        help: ArgumentHelp(
            "postgres://HOST/NAME, if that is the service's. (default: what \(SettingsKey.database.variable) says, else the data folder's)",
            valueName: "url"
        )
    )
    var database: String?

    /// Where the database is.
    ///
    /// - Throws: ``UsageFault`` if the option or the variable names no place.
    var location: DatabaseLocation {
        get throws {
            let variable = SettingsKey.database.variable
            let setting = database ?? ProcessInfo.processInfo.environment[variable]
            do throws(LocationFault) {
                return try DatabaseLocation(setting ?? "sqlite")
            } catch {
                throw UsageFault("\(database == nil ? variable : "--database") \(error).")
            }
        }
    }

    /// Runs `work` on the API keys of the service, whether or not a server is running.
    ///
    /// - Throws: ``CommandFault``, or ``UsageFault`` if the fault is one of usage.
    func withKeys<Value>(
        _ work: (KeyRing) async throws(KeyRing.Fault) -> Value
    ) async throws -> Value {
        // SQLite may create files beside the database. Keep them private, as the server does.
        FileSystem.keepNewFilesPrivate()
        let location = try location
        do throws(KeyRing.Fault) {
            let keys =
                switch location {
                case .folder: try KeyRing(dataFolder: dataOption.path)
                case .postgres(let database): try KeyRing(database: database)
                }
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
