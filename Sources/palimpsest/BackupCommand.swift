import ArgumentParser
import Operations
import POSIX

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copies a service's data folder, while the service runs.",
        discussion: """
            The copy is a data folder as the service was at one moment, to be served by \
            'palimpsest serve --data'. A folder that holds an earlier backup is brought up to \
            date. On the same disk files are linked instead of copied, which costs next to nothing \
            but does not outlive the disk. It holds the keys of the service, so keep it as safe as \
            the folder itself.
            """
    )

    @OptionGroup var dataOption: DataOption

    @OptionGroup var jsonOption: JSONOption

    @Argument(
        help: ArgumentHelp("The folder of the copy; made if it is missing.", valueName: "backup")
    )
    var backup: String

    func run() throws {
        FileSystem.keepNewFilesPrivate()
        try dataOption.requireSQLite(
            instead: "Back that up by its own means, such as pg_dump, and photos by their store's."
        )
        let result: DataFolderBackup.Result
        do throws(StoppedService.Fault) {
            result = try DataFolderBackup(of: dataOption.path, to: backup).run()
        } catch {
            throw CommandFault(error)
        }
        if jsonOption.json {
            try jsonOption.write(Document(result))
        } else {
            print(Self.line(result))
        }
        guard result.missing == 0 else {
            throw CommandFault(
                "The backup is made, but \(result.missing) files that the database refers to are missing or damaged in "
                    + "the data folder itself."
            )
        }
    }

    /// The result as JSON: numbers of files.
    private struct Document: Encodable {
        let linked, copied, present, removed, missing: Int

        init(_ result: DataFolderBackup.Result) {
            linked = result.linked
            copied = result.copied
            present = result.present
            removed = result.removed
            missing = result.missing
        }
    }

    private static func line(_ result: DataFolderBackup.Result) -> String {
        "\(result.linked + result.copied) files added (\(result.linked) linked, \(result.copied) copied), "
            + "\(result.present) there already, \(result.removed) removed"
    }
}
