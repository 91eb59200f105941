import ArgumentParser
import JobModel
import Operations
import Queue

struct ClassesListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the classes of a service.",
        discussion: """
            One line a class: its label, the name and the identifier of the API key that it \
            belongs to, and whether its semantic image is generated, with the generator's version \
            and the class's index, or imported, with how many there are. Tabs stand between them. \
            With a database in PostgreSQL servers may run meanwhile.
            """
    )

    @OptionGroup var storeOptions: StoreOptions

    @OptionGroup var jsonOption: JSONOption

    func run() async throws {
        let location = try storeOptions.location
        let summaries: [ClassSummary]
        do throws(StoppedService.Fault) {
            switch location {
            case .postgres(let database):
                summaries = try await ClassList.classes(in: database)
            case .folder:
                let service = try StoppedService(dataFolder: storeOptions.dataOption.path)
                summaries = try await service.classes()
                try service.close()
            }
        } catch {
            throw CommandFault(error)
        }
        if jsonOption.json {
            try jsonOption.write(Document(classes: summaries.map(Document.Class.init)))
        } else {
            for summary in summaries { print(Self.line(summary)) }
        }
    }

    /// The result as JSON.
    private struct Document: Encodable {
        struct Class: Encodable {
            let `class`: String
            let key: String
            let keyID: String
            let generatorVersion: Int?
            let classIndex: Int?
            let importedImages: Int

            init(_ summary: ClassSummary) {
                `class` = summary.label.text
                key = summary.tenantName
                keyID = "\(summary.tenant)"
                switch summary.semanticImage {
                case .generated(let version, let index):
                    (generatorVersion, classIndex, importedImages) = (version, index, 0)
                case .imported(let count):
                    (generatorVersion, classIndex, importedImages) = (nil, nil, count)
                }
            }
        }

        let classes: [Class]
    }

    private static func line(_ summary: ClassSummary) -> String {
        let semanticImage =
            switch summary.semanticImage {
            case .generated(let version, let index):
                "generated (version \(version), index \(index))"
            case .imported(let count): "imported (\(count))"
            }
        let owner = StandardError.printable(summary.tenantName)
        return "\(summary.label)\t\(owner)\t\(summary.tenant)\t\(semanticImage)"
    }
}
