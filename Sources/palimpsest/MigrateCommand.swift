import ArgumentParser
import FoundationEssentials
import HTTPAPI
import Operations
import POSIX

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Moves a stopped service to PostgreSQL and to a storage that machines share.",
        discussion: """
            Jobs, keys, classes, photos and results keep their identifiers and hashes; all rows are \
            compared at the end. What is interrupted is continued by the next run. Nothing in the \
            data folder is deleted: its database is renamed, and its photos can be removed once the \
            new place has proved itself. Then start servers with the same --database and --blobs; \
            the first one with this data folder, whose keys it has.
            """
    )

    @OptionGroup var dataOption: DataOption

    @Option(help: ArgumentHelp("postgres://HOST/NAME, an empty database.", valueName: "url"))
    var database: String?

    @Option(help: ArgumentHelp("file:///PATH or s3://BUCKET/PREFIX.", valueName: "url"))
    var blobs: String?

    @Flag(name: .long, help: "Show no progress.")
    var quiet = false

    @OptionGroup var jsonOption: JSONOption

    func run() async throws {
        FileSystem.keepNewFilesPrivate()
        let environment = ProcessInfo.processInfo.environment
        let (place, storage) = try Self.places(
            database: database ?? environment[SettingsKey.database.variable],
            blobs: blobs ?? environment[SettingsKey.blobs.variable]
        )
        let result: Migration.Result
        do throws(StoppedService.Fault) {
            let migration = try Migration(
                of: dataOption.path,
                to: place,
                blobs: storage,
                environment: environment
            )
            let isQuiet = quiet
            result = try await migration.run { step in
                if !isQuiet { Self.show(step) }
            }
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
                "Everything is moved, but \(result.missing) files that the database refers to are "
                    + "missing or damaged in the data folder itself."
            )
        }
    }

    private static func places(
        database: String?,
        blobs: String?
    ) throws -> (DatabaseLocation, BlobLocation) {
        let place: DatabaseLocation
        do throws(LocationFault) {
            place = try DatabaseLocation(database ?? "sqlite")
        } catch {
            throw CommandFault("--database \(error).")
        }
        do throws(LocationFault) {
            return (place, try BlobLocation(blobs ?? "data"))
        } catch {
            throw CommandFault("--blobs \(error).")
        }
    }

    /// Writes a line for each hundredth file and each thousandth row, so that a log stays short.
    private static func show(_ step: Migration.Step) {
        switch step {
        case .files(let count, let all) where count == all || count % 100 == 0:
            StandardError.write("files: \(count) of \(all)\n")
        case .rows(let count, let table) where count % 1000 == 0:
            StandardError.write("\(table): \(count) rows\n")
        case .comparing: StandardError.write("comparing all rows\n")
        case .files, .rows: break
        }
    }

    /// The result as JSON: rows by table, and numbers of files.
    private struct Document: Encodable {
        let rows: [String: Int]
        let copied, present, missing: Int

        init(_ result: Migration.Result) {
            rows = result.rows
            copied = result.copied
            present = result.present
            missing = result.missing
        }
    }

    private static func line(_ result: Migration.Result) -> String {
        let jobs = result.rows["jobs"] ?? 0
        let images = result.rows["images"] ?? 0
        return "\(jobs) jobs with \(images) images and \(result.rows["api_keys"] ?? 0) keys moved, "
            + "and compared; \(result.copied) files copied, \(result.present) there already"
    }
}
