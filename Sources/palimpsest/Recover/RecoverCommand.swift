import ArgumentParser
import Cryptography
import Imaging
import Protection

/// The `recover` command: restores the original photo from a protected picture for its owner.
struct RecoverCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Gives back the pixels of the photo that a protected picture was made of.",
        discussion: """
            It needs the protected PNG as it was delivered, its recovery file (NAME.recovery in \
            the archive), and the passphrase or the key that was sent with the photo. The photo is \
            written as a PNG whose pixels have been compared with the hash of the original's.
            """
    )

    @Argument(help: "The protected PNG.")
    var protected: String

    @Argument(help: "Its recovery file.")
    var recovery: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Where the photo is written; nothing is overwritten.", valueName: "file")
    )
    var output: String

    @Option(
        help: ArgumentHelp(
            "A file with the passphrase; /dev/stdin for standard input.",
            valueName: "file"
        )
    )
    var passphraseFile: String?

    @Option(help: ArgumentHelp("A file with the key of 64 hexadecimal digits.", valueName: "file"))
    var keyFile: String?

    @OptionGroup var pixelsOption: MaxPixelsOption

    @OptionGroup var filterOption: SystemCallFilterOption

    func validate() throws {
        guard (passphraseFile == nil) != (keyFile == nil) else {
            throw ValidationError("Give either --passphrase-file or --key-file.")
        }
    }

    func run() throws {
        let picture = try InputFile.read(protected, limit: InputFile.maxPictureBytes)
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
        let result = try NewFile(output)
        PhotoDecoder.prepare()
        // Do not trust the service, which made both pictures: decode them in a process that has
        // nothing to steal.
        let isRecovered = try SandboxedChild.run(
            memoryBytes: pixelsOption.addressSpaceBytes,
            filter: filterOption.systemCallFilter
        ) { () throws(CommandFault) in
            try write(try photo(picture, difference), to: result)
        }
        guard isRecovered else { throw ExitCode.failure }
        try result.publish()
        StandardOutput.write(
            "recovered: the pixels are the same as the original's to the last bit\n"
        )
    }

    // MARK: - Steps

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

    private func write(_ photo: consuming Photo, to file: borrowing NewFile) throws(CommandFault) {
        let png: [UInt8]
        do throws(ImagingError) {
            png = try PNGEncoder.encode(photo)
        } catch {
            throw CommandFault(
                "The photo for \(StandardError.printable(output)) cannot be encoded: \(error.detail)"
            )
        }
        try file.write(png)
    }
}
