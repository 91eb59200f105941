import ArgumentParser
import CodecHost
import Cryptography
import FoundationEssentials
import JobModel
import Operations
import POSIX
import Queue

struct ClassesImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Takes one's own semantic images for classes of a service.",
        discussion: """
            DIR has a folder for each class, named like the class, with one or more pictures, at \
            most \(ImportedPicture.maxFileBytes >> 20) MiB each; hidden files, and files beside \
            the folders, are passed over. The service then hides the first by name in the photos \
            of that class, or with the mode sample-wise the one that a photo's own bytes \
            determine, instead of a generated one. Pictures with a side above \
            \(ImportedPicture.maxSide) pixels are scaled down.

            Importing for a class again replaces all its pictures; classes without a folder in DIR \
            stay as they are. Either all of DIR is imported or nothing. The server must be \
            stopped; images of jobs that it has accepted already keep what they have.
            """
    )

    @Argument(help: ArgumentHelp("The folder with a folder for each class.", valueName: "dir"))
    var folder: String

    @OptionGroup var dataOption: DataOption

    @Option(
        help: ArgumentHelp(
            "The API key whose classes they are. (default: the only key, or the admin key)",
            valueName: "name-or-id"
        )
    )
    var key: String?

    @OptionGroup var weightsOptions: WeightsOptions

    @OptionGroup var jsonOption: JSONOption

    @OptionGroup var pixelsOption: MaxPixelsOption

    @OptionGroup var filterOption: SystemCallFilterOption

    func run() async throws {
        try dataOption.requireSQLite(
            instead: "Import by the HTTP API: PUT /v1/classes/LABEL/semantic-image."
        )
        // Keep the stored files private, as the server does.
        FileSystem.keepNewFilesPrivate()
        let models = try weightsOptions.find()
        let folder = try SemanticImageFolder(path: folder)
        let service = try dataOption.open()
        do {
            let owner = try await service.key(named: key)
            try await importClasses(
                of: folder,
                into: service,
                owner: owner,
                models: models
            )
            try service.close()
        } catch let fault as StoppedService.Fault {
            throw CommandFault(fault)
        }
    }

    private func importClasses(
        of folder: SemanticImageFolder,
        into service: StoppedService,
        owner: APIKey,
        models: ModelFiles
    ) async throws {
        let pictures = folder.classes.flatMap { folder in
            folder.files.enumerated().map {
                (label: folder.label, position: $0.offset, file: $0.element)
            }
        }
        let count = min(pictures.count, ProcessInfo.processInfo.activeProcessorCount)
        let all = try await SemanticImageImport(into: service)
        let pool = try CodecPool.start(
            models: models,
            count: count,
            maxPixels: pixelsOption.maxPixels,
            filter: filterOption.systemCallFilter
        )
        do {
            try await SemanticImageReader(codecs: pool).read(pictures.map(\.file)) {
                number,
                picture in
                try all.add(
                    picture.bytes,
                    to: pictures[number].label,
                    at: pictures[number].position
                )
            }
        } catch {
            await pool.stop()
            all.discard()
            throw error
        }
        await pool.stop()
        try await all.commit(for: owner.id)
        if jsonOption.json {
            return try jsonOption.write(
                Document(
                    classes: folder.classes.map {
                        .init(class: $0.label.text, importedImages: $0.files.count)
                    }
                )
            )
        }
        for imported in folder.classes {
            let count = imported.files.count
            print("\(imported.label): \(count) semantic image\(count == 1 ? "" : "s") imported")
        }
    }

    /// The result as JSON.
    private struct Document: Encodable {
        struct Class: Encodable {
            let `class`: String
            let importedImages: Int
        }

        let classes: [Class]
    }
}
