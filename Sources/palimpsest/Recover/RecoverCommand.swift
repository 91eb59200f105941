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

    @Option(
        help: ArgumentHelp(
            "A file with the passphrase; - for the standard input.",
            valueName: "file"
        )
    )
    var passphraseFile: String?

    @Option(help: ArgumentHelp("A file with the key of 64 hexadecimal digits.", valueName: "file"))
    var keyFile: String?

    @OptionGroup var jsonOption: JSONOption

    @OptionGroup var pixelsOption: MaxPixelsOption

    @OptionGroup var filterOption: SystemCallFilterOption

    func validate() throws {
        try InputFile.requireOneStandardInput(in: [protected, recovery, passphraseFile, keyFile])
        guard output != InputFile.standardInput || !jsonOption.json else {
            throw ValidationError("With --json the standard output is taken; name a file by -o.")
        }
        guard (passphraseFile == nil) != (keyFile == nil) else {
            throw ValidationError("Give either --passphrase-file or --key-file.")
        }
    }

    func run() throws {
        let picture = try InputFile.read(protected, limit: InputFile.maxPictureBytes)
        // Its hash would tell as well, but not why there is nothing to recover from.
        if let format = OutputFormat(of: picture), !format.isLossless {
            throw CommandFault(
                "\(StandardError.printable(protected)) is a \(format.title). Only the PNG as it was delivered gives back the photo."
            )
        }
        guard let file = SealedFile(try InputFile.read(recovery, limit: InputFile.maxPictureBytes))
        else {
            throw CommandFault(
                "\(StandardError.printable(recovery)) is not a recovery file, or was cut short."
            )
        }
        guard file.subject == SHA256.hash(picture) else {
            throw CommandFault(
                "\(StandardError.printable(protected)) is not the picture that the recovery file belongs to, or was changed "
                    + "since it was delivered."
            )
        }
        let difference = try open(file)
        PhotoDecoder.prepare()
        if output == InputFile.standardInput {
            try recover(picture, difference) { png in StandardStream.output.write(png) }
        } else {
            let result = try NewFile(output)
            try recover(picture, difference) { png throws(CommandFault) in try result.write(png) }
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

    private static let maxSecretBytes = 4096

    private func open(_ file: SealedFile) throws(CommandFault) -> PixelDifference {
        guard file.wantsPassphrase == (passphraseFile != nil) else {
            let wanted =
                file.wantsPassphrase
                ? "a passphrase: give --passphrase-file" : "a key: give --key-file"
            throw CommandFault(
                "The recovery file \(StandardError.printable(recovery)) was made with \(wanted)."
            )
        }
        guard let content = file.open(by: try secret()) else {
            throw CommandFault(
                "The recovery file \(StandardError.printable(recovery)) cannot be opened: "
                    + "the \(file.wantsPassphrase ? "passphrase" : "key") is wrong, or the file was changed."
            )
        }
        guard let difference = PixelDifference(content) else {
            throw CommandFault(
                "The recovery file \(StandardError.printable(recovery)) holds nothing."
            )
        }
        return difference
    }

    private func secret() throws(CommandFault) -> SealingSecret {
        let path = passphraseFile ?? keyFile ?? ""
        let bytes = try InputFile.read(path, limit: Self.maxSecretBytes)
        // Editors and `echo` end the line. Leading and trailing blanks never reached the service:
        // they are not part of a field value (RFC 9110 section 5.5).
        var text = String(decoding: bytes, as: UTF8.self)[...]
        while let last = text.last, last.isNewline || Self.isBlank(last) { text.removeLast() }
        text = text.drop(while: Self.isBlank)
        let secret =
            passphraseFile != nil
            ? SealingSecret(passphrase: String(text)) : SealingSecret(keyHex: String(text))
        guard let secret else {
            throw CommandFault(
                passphraseFile != nil
                    ? "\(StandardError.printable(path)) holds no passphrase of 8 to 1024 bytes."
                    : "\(StandardError.printable(path)) holds no key of 64 hexadecimal digits."
            )
        }
        return secret
    }

    private static func isBlank(_ character: Character) -> Bool {
        character == " " || character == "\t"
    }

    private func photo(
        _ picture: [UInt8],
        _ difference: PixelDifference
    ) throws(CommandFault) -> Photo {
        let photo: Photo?
        do throws(ImagingError) {
            photo = try difference.original(of: picture, limits: pixelsOption.limits)
        } catch {
            throw CommandFault(
                "\(StandardError.printable(protected)) cannot be decoded: \(error.detail)"
            )
        }
        guard let photo else {
            throw CommandFault(
                "The pixels that came out are not the original's, so nothing was written."
            )
        }
        return photo
    }

    /// Recovers the photo in a sandboxed process, and hands its PNG to `write` there.
    ///
    /// The service, which made both pictures, is not trusted: they are decoded in a process that has
    /// nothing to steal.
    ///
    /// - Throws: ``CommandFault``, or `ExitCode` if the process has told what is wrong.
    private func recover(
        _ picture: [UInt8],
        _ difference: PixelDifference,
        _ write: ([UInt8]) throws(CommandFault) -> Void
    ) throws {
        let isRecovered = try SandboxedChild.run(
            memoryBytes: pixelsOption.addressSpaceBytes,
            filter: filterOption.systemCallFilter
        ) { () throws(CommandFault) in
            try write(try png(of: try photo(picture, difference)))
        }
        guard isRecovered else { throw ExitCode.failure }
    }

    private func png(of photo: consuming Photo) throws(CommandFault) -> [UInt8] {
        do throws(ImagingError) {
            return try PNGEncoder.encode(photo)
        } catch {
            throw CommandFault(
                "The photo for \(StandardError.printable(output)) cannot be encoded: \(error.detail)"
            )
        }
    }
}
