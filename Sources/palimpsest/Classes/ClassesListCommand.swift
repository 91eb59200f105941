import ArgumentParser
import Operations
import Queue

struct ClassesListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the classes of a service.",
        discussion: """
            One line a class: its label, the name and the identifier of the API key that it \
            belongs to, and whether its semantic image is generated, with the generator's version \
            and the class's index, or imported, with how many there are. Tabs stand between them.
            """
    )

    @OptionGroup var dataOption: DataOption

    func run() async throws {
        let service = try dataOption.open()
        do throws(StoppedService.Fault) {
            for summary in try await service.classes() { print(Self.line(summary)) }
            try service.close()
        } catch {
            throw CommandFault(error)
        }
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
