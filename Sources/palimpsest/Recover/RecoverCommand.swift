import ArgumentParser
import Cryptography
import Imaging
import JobModel
import POSIX
import Protection

/// The `recover` command: restores the original photo from a protected picture for its owner.
struct RecoverCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Gives back the pixels of the photo that a protected picture was made of.",
        discussion: """
            It needs the protected PNG as it was delivered, its recovery file (NAME.recovery in \
            the archive), and the passphrase or the key that was sent with the photo. The photo is \
            written as a PNG whose pixels have been compared with the hash of the original's. One \
            of the files may be -, the standard input.
            """
    )

    @Argument(help: "The protected PNG.")
    var protected: String

    @Argument(help: "Its recovery file.")
    var recovery: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Where the photo is written; nothing is overwritten. - for the standard output.",
            valueName: "file"
        )
    )
    var output: String

    @OptionGroup var secretOptions: RecoverySecretOptions

    @OptionGroup var jsonOption: JSONOption

    @OptionGroup var pixelsOption: MaxPixelsOption

    @OptionGroup var filterOption: SystemCallFilterOption

    func validate() throws {
        try InputFile.requireOneStandardInput(in: [
            protected, recovery, secretOptions.passphraseFile, secretOptions.keyFile,
        ])
        guard output != InputFile.standardInput || !jsonOption.json else {
            throw ValidationError("With --json the standard output is taken; name a file by -o.")
        }
    }

    func run() throws {
        let recovery: Recovery
        let difference: PixelDifference
        let picture = try InputFile.read(protected, limit: InputFile.maxPictureBytes)
        let file = try InputFile.read(self.recovery, limit: InputFile.maxPictureBytes)
        do {
            recovery = try Recovery(of: picture, by: file)
            var keys = SealingKeys(try secretOptions.read())
            difference = try recovery.difference(by: &keys)
        } catch let fault as RecoveryFault {
            throw described(fault)
        }
        PhotoDecoder.prepare()
        if output == InputFile.standardInput {
            try recover(recovery, difference) { png in StandardStream.output.write(png) }
        } else {
            let result = try NewFile(output)
            try recover(recovery, difference) { png throws(CommandFault) in
                try result.write(png)
            }
            try result.publish()
        }
        guard output != InputFile.standardInput else { return }
        if jsonOption.json {
            try jsonOption.write(Result(file: output))
        } else {
            StandardOutput.write(
                "recovered: the pixels are the same as the original's to the last bit\n"
            )
        }
    }

    // MARK: - Steps

    /// The result as JSON.
    private struct Result: Encodable {
        let isRecovered = true
        let file: String
    }

    /// Recovers the photo in a sandboxed process, and hands its PNG to `write` there.
    ///
    /// - Throws: ``CommandFault``, or `ExitCode` if the process has told what is wrong.
    private func recover(
        _ recovery: Recovery,
        _ difference: PixelDifference,
        _ write: ([UInt8]) throws(CommandFault) -> Void
    ) throws {
        let isRecovered = try SandboxedChild.run(
            memoryBytes: pixelsOption.addressSpaceBytes,
            filter: filterOption.systemCallFilter
        ) { () throws(CommandFault) in
            let png: [UInt8]
            do throws(RecoveryFault) {
                png = try recovery.png(difference, limits: pixelsOption.limits)
            } catch {
                throw described(error)
            }
            try write(png)
        }
        guard isRecovered else { throw ExitCode.failure }
    }

    private func described(_ fault: RecoveryFault) -> CommandFault {
        CommandFault(
            fault.sentence(
                picture: StandardError.printable(protected),
                recoveryFile: StandardError.printable(recovery)
            )
        )
    }
}
