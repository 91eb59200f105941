import ArgumentParser
import FoundationEssentials
import HTTPAPI
import Operations

/// The `classes` command and its subcommands.
struct ClassesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classes",
        abstract: "Lists the classes of a service, and imports semantic images for them.",
        discussion: """
            The server that has the data folder must be stopped meanwhile. Where machines share a \
            database in PostgreSQL, import by the HTTP API.
            """,
        subcommands: [ClassesImportCommand.self, ClassesListCommand.self]
    )
}

/// The `--data` option: the data folder that a command works on.
struct DataOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The service's data folder. (default: what \(SettingsKey.data.variable) says, else ./data)",
            valueName: "dir"
        )
    )
    var data: String?

    /// The path of the folder.
    var path: String {
        data ?? ProcessInfo.processInfo.environment[SettingsKey.data.variable]
            ?? Settings().dataFolder
    }

    /// Refuses to go on where the service's database is said to be elsewhere.
    ///
    /// - Parameter sentence: What to do then.
    /// - Throws: ``CommandFault``.
    func requireSQLite(instead sentence: String) throws(CommandFault) {
        let variable = SettingsKey.database.variable
        guard let setting = ProcessInfo.processInfo.environment[variable], setting != "sqlite"
        else { return }
        throw CommandFault(
            "This works on a data folder with SQLite, but \(variable) names another database. "
                + sentence
        )
    }

    /// Opens the folder, which must not be in use by a server.
    ///
    /// - Throws: ``CommandFault`` if the folder cannot be opened.
    func open() throws(CommandFault) -> StoppedService {
        do throws(StoppedService.Fault) {
            return try StoppedService(dataFolder: path)
        } catch {
            throw CommandFault(error)
        }
    }
}

extension CommandFault {
    /// Reports a fault of the data folder.
    init(_ fault: StoppedService.Fault) {
        self.init(StandardError.printable(fault.description))
    }
}
