import ArgumentParser
import FoundationEssentials
import JobModel

/// An option that a command does not have.
///
/// ArgumentParser reports missing arguments first. For `protect photos --ouut protected` it would
/// say that `--out` is missing, and for `protect --bogus` that there are no photos. Both hide the
/// actual mistake.
struct UnknownOption {
    /// The part of ArgumentParser's machine-readable help that is needed here.
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

    /// The sentence that reports the option.
    let sentence: String

    /// Finds the first unknown option; `nil` if all options are known.
    ///
    /// - Parameters:
    ///   - arguments: The arguments of the process, without its name.
    ///   - root: The root command, whose subcommands may come first.
    init?(in arguments: [String], of root: any ParsableCommand.Type) {
        var command = root
        var isNamed = true
        for argument in arguments {
            guard argument != "--" else { return nil }
            guard argument.hasPrefix("-") else {
                let next = command.configuration.subcommands.first {
                    $0.configuration.commandName == argument
                }
                if isNamed, let next { command = next } else { isNamed = false }
                continue
            }
            let option = String(argument.prefix { $0 != "=" })
            // Skip a lone dash, which often means standard input, and negative numbers.
            guard let first = option.drop(while: { $0 == "-" }).first, first.isLetter else {
                continue
            }
            guard let known = Self.options(of: command) else { return nil }
            guard !known.contains(option) else { continue }
            let name = String(option.drop { $0 == "-" })
            let longs = known.filter { $0.hasPrefix("--") }.map { String($0.dropFirst(2)) }
            let suggestion =
                Spelling.nearest(to: name, among: longs.sorted()).map {
                    ". Did you mean '--\($0)'?"
                } ?? ""
            sentence = "Unknown option \(Quotation.of(option))\(suggestion)"
            return
        }
        return nil
    }

    /// Replaces the sentence of ArgumentParser's error message with ``sentence``.
    ///
    /// - Parameter message: ArgumentParser's message, including the usage lines.
    /// - Returns: The message to print.
    func replacingSentence(of message: String) -> String {
        let usage = message.split(separator: "\n", omittingEmptySubsequences: false).drop {
            !$0.hasPrefix("Usage:")
        }
        return (["Error: \(sentence)"] + usage.map(String.init)).joined(separator: "\n")
    }

    /// Returns all options of a command, with their dashes; `nil` if the help cannot be decoded.
    private static func options(of command: any ParsableCommand.Type) -> Set<String>? {
        let text = command._dumpHelp()
        guard let description = try? JSONDecoder().decode(Description.self, from: Data(text.utf8))
        else { return nil }
        let names = (description.command.arguments ?? []).flatMap { $0.names ?? [] }
        // ArgumentParser adds these to every command.
        let common = [
            "--help", "-h", "-help", "--help-hidden", "-help-hidden", "--version",
            "--experimental-dump-help", "--generate-completion-script",
        ]
        return Set(names.map { $0.kind == "long" ? "--\($0.name)" : "-\($0.name)" } + common)
    }
}
