import ArgumentParser
import FoundationEssentials
import JobModel

/// An option that a command does not have.
///
/// The parser looks at what is missing first. So it would say of `protect photos --ouut protected` that `--out` is missing,
/// and of `protect --bogus` that there are no photos, which both hide the mistake.
struct UnknownOption {
    /// What the parser tells of a command for tools.
    private struct Description: Decodable {
        struct Command: Decodable {
            let arguments: [Argument]?
        }

        struct Argument: Decodable {
            let names: [Name]?
        }

        struct Name: Decodable {
            let kind: String
            let name: String
        }

        let command: Command
    }

    /// One sentence about it.
    let sentence: String

    /// Looks for the first one; `nil` if every option is known.
    ///
    /// - Parameters:
    ///   - arguments: Those of the process, without its name.
    ///   - root: The command of the process, whose subcommands are named first.
    init?(in arguments: [String], of root: any ParsableCommand.Type) {
        var command = root
        var isNamed = true
        for argument in arguments {
            guard argument != "--" else { return nil }
            guard argument.hasPrefix("-") else {
                let next = command.configuration.subcommands.first { $0.configuration.commandName == argument }
                if isNamed, let next { command = next } else { isNamed = false }
                continue
            }
            let option = String(argument.prefix { $0 != "=" })
            // A dash alone is standard input to many, and one before a digit a number.
            guard let first = option.drop(while: { $0 == "-" }).first, first.isLetter else { continue }
            guard let known = Self.options(of: command) else { return nil }
            guard !known.contains(option) else { continue }
            let name = String(option.drop { $0 == "-" })
            let longs = known.filter { $0.hasPrefix("--") }.map { String($0.dropFirst(2)) }
            let suggestion = Spelling.nearest(to: name, among: longs.sorted()).map { ". Did you mean '--\($0)'?" } ?? ""
            sentence = "Unknown option \(Quotation.of(option))\(suggestion)"
            return
        }
        return nil
    }

    /// The parser's complaint about a call, with this one in the place of its sentence.
    ///
    /// - Parameter message: Its complaint, with lines of usage.
    /// - Returns: The complaint to print.
    func replacingSentence(of message: String) -> String {
        let usage = message.split(separator: "\n", omittingEmptySubsequences: false).drop { !$0.hasPrefix("Usage:") }
        return (["Error: \(sentence)"] + usage.map(String.init)).joined(separator: "\n")
    }

    /// All options of a command, with their dashes; `nil` if the parser does not tell.
    private static func options(of command: any ParsableCommand.Type) -> Set<String>? {
        let text = command._dumpHelp()
        guard let description = try? JSONDecoder().decode(Description.self, from: Data(text.utf8)) else { return nil }
        let names = (description.command.arguments ?? []).flatMap { $0.names ?? [] }
        // What every command has of the parser's own.
        let common = [
            "--help", "-h", "-help", "--help-hidden", "-help-hidden", "--version", "--experimental-dump-help",
            "--generate-completion-script",
        ]
        return Set(names.map { $0.kind == "long" ? "--\($0.name)" : "-\($0.name)" } + common)
    }
}
