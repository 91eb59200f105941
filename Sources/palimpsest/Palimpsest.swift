import ArgumentParser
import Glibc

@main
struct Palimpsest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "palimpsest",
        abstract: "Makes photos unlearnable by deep hiding.",
        discussion: """
            Where 'make install' or the Debian package has put them, there are manual pages \
            ('man palimpsest', 'man palimpsest-protect') and completions for bash, zsh and fish. \
            Elsewhere 'palimpsest --generate-completion-script bash' prints the completions.
            """,
        version: Version.number,
        subcommands: [
            ServeCommand.self, WorkerCommand.self, MigrateCommand.self, ProtectCommand.self,
            SubmitCommand.self,
            VerifyCommand.self,
            RecoverCommand.self, UnlockCommand.self, FitCommand.self, KeysCommand.self,
            ClassesCommand.self, BackupCommand.self, CheckConfigCommand.self, CodecCommand.self,
            VersionCommand.self,
        ]
    )

    /// The exit status for wrong usage.
    ///
    /// Most tools use 2; ArgumentParser would use 64.
    static let usageStatus: Int32 = 2

    static func main() async {
        // Writing to a closed pipe or socket must fail with an error, not kill the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let fault as UsageFault {
            StandardError.write("Error: \(fault)\n")
            Glibc.exit(usageStatus)
        } catch {
            let code = exitCode(for: error)
            // The weights are hashed only for those who ask.
            if code == .success, message(for: error) == Version.number {
                StandardOutput.write(VersionReport().text + "\n")
                Glibc.exit(0)
            }
            guard code == .validationFailure else { exit(withError: error) }
            let message = fullMessage(for: error)
            let unknown = UnknownOption(in: Array(CommandLine.arguments.dropFirst()), of: Self.self)
            StandardError.write((unknown?.replacingSentence(of: message) ?? message) + "\n")
            Glibc.exit(usageStatus)
        }
    }
}
