import CodecProtocol
import Cryptography
import JobModel

/// Checks a codec's answer about a picture against what the parent can verify itself.
///
/// A codec process has handled hostile bytes and may be compromised. So the parent hashes its file,
/// reads the file's header, and compares the report with the request. Whether the pixels are right
/// cannot be checked without decoding, which only codecs do.
struct CodecAnswerCheck {
    /// More entries than any picture can have.
    private static let maxLeftOut = 16

    /// The picture that was handed out.
    let image: CodecImage
    /// The model that the picture should get, as the codec reported it before it saw any picture.
    let model: LoadedModel

    /// Looks for a contradiction.
    ///
    /// - Parameters:
    ///   - report: The codec's report.
    ///   - file: The picture that came with it.
    /// - Returns: What is wrong, as a clause, or `nil`; and the hash of `file`.
    func contradiction(
        in report: ProtectionReport,
        file: [UInt8]
    ) -> (clause: String?, outputSHA256: SHA256Digest) {
        let outputSHA256 = SHA256.hash(file)
        return (clause(report, file, outputSHA256), outputSHA256)
    }

    private func clause(
        _ report: ProtectionReport,
        _ file: [UInt8],
        _ outputSHA256: SHA256Digest
    ) -> String? {
        let output = image.settings.output
        guard let size = DeliveredHeader(file, in: output.format) else {
            return "the picture is not a \(output.format.title)"
        }
        guard report.outputSHA256 == outputSHA256.hex else {
            return "the report's hash is not the picture's"
        }
        guard report.inputSHA256 == image.photo.sha256.hex else {
            return "the report is about another file"
        }
        guard report.modelSHA256 == model.sha256.hex, report.method == model.method else {
            return "the report names another model"
        }
        guard report.width == size.width, report.height == size.height,
            report.bitDepth == size.bitDepth
        else {
            return "the report's size is not the picture's"
        }
        let (pixels, isTooLarge) = size.width.multipliedReportingOverflow(by: size.height)
        guard !isTooLarge, pixels <= ImageCost.maxPixelsRange.upperBound else {
            return "the picture has more pixels than any may have"
        }
        guard max(size.width, size.height) <= output.maxSide ?? .max else {
            return "the picture is larger than asked for"
        }
        guard report.label == image.label, report.agrees(with: image.settings)
        else { return "the report is about other settings" }
        let released = report.lossless?.maxAbsoluteDifference ?? report.maxAbsoluteDifference
        guard report.maxAbsoluteDifference > 0, released > 0 else { return "nothing was changed" }
        let sampleBound = image.settings.sampleBound(bitDepth: report.bitDepth)
        guard released <= sampleBound ?? (1 << report.bitDepth - 1) else {
            return "the change is larger than its bound"
        }
        guard report.maxAbsoluteDifference <= report.bound ?? (1 << report.bitDepth - 1) else {
            return "the change is larger than its bound"
        }
        guard report.psnr > 0, report.ssim >= -1, report.ssim <= 1.000_001 else {
            return "the report's measures are impossible"
        }
        guard SHA256Digest(hex: report.artefactSHA256) != nil,
            report.workingWidth > 0, report.workingHeight > 0,
            isFormatName(report.inputFormat), report.leftOut.count <= Self.maxLeftOut,
            report.leftOut.allSatisfy(\.isWellFormed), report.ofMethod.isWellFormed
        else { return "the report is malformed" }
        return nil
    }

    private func isFormatName(_ text: String) -> Bool {
        (1...16).contains(text.utf8.count)
            && text.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
    }
}

/// Checks an imported picture from a codec as far as the parent can without decoding it.
enum ImportedPictureCheck {
    /// Looks for what no honest codec produces.
    ///
    /// - Returns: What is wrong, as a clause, or `nil`.
    static func contradiction(in png: [UInt8]) -> String? {
        guard let size = PNGHeader(png) else { return "the picture is not a PNG" }
        guard max(size.width, size.height) <= ImportedPicture.maxSide,
            png.count <= ImportedPicture.maxKeptBytes
        else { return "the picture is larger than asked for" }
        return nil
    }
}

/// The parts of a PNG file's start and end that can be read without decoding it.
///
/// Source: PNG Specification, Third Edition, 5.2 and 11.2.1.
struct PNGHeader: Equatable {
    /// The width in pixels.
    let width: Int
    /// The height in pixels.
    let height: Int
    /// Bits per sample, 8 or 16; codecs write no other depths.
    let bitDepth: Int

    private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    private static let imageHeader: [UInt8] = [0, 0, 0, 13] + Array("IHDR".utf8)
    private static let end: [UInt8] = [0, 0, 0, 0] + Array("IEND".utf8) + [0xAE, 0x42, 0x60, 0x82]

    /// Reads the header.
    ///
    /// It is `nil` if the signature, IHDR at the start or IEND at the end is missing, a side is 0,
    /// or the bit depth is neither 8 nor 16.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 45, bytes.starts(with: Self.signature + Self.imageHeader),
            bytes.suffix(12) == Self.end[...]
        else { return nil }
        width = bytes[16..<20].reduce(0) { $0 << 8 | Int($1) }
        height = bytes[20..<24].reduce(0) { $0 << 8 | Int($1) }
        bitDepth = Int(bytes[24])
        guard width > 0, height > 0, bitDepth == 8 || bitDepth == 16 else { return nil }
    }
}
