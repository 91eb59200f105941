import Cryptography
import FoundationEssentials
import JobModel

/// The reports on protected pictures.
///
/// They come from the `manifest.json` of an archive, or from the report that `palimpsest protect`
/// writes beside a picture.
struct SignedManifest {
    private struct Document: Decodable {
        struct Image: Decodable {
            let report: ProtectionReport?
        }

        let images: [Image]
    }

    /// The maximum size of a manifest in bytes: 256 MiB.
    ///
    /// Ten thousand images take about 10 MB.
    static let maxBytes = 256 << 20
    /// The suffix of the signature's file name; the signature lies beside the manifest.
    static let signatureSuffix = ".sig"

    /// Whether this is a manifest rather than the report of one picture.
    let isManifest: Bool
    private let reports: [ProtectionReport]

    /// Decodes a manifest or a report.
    ///
    /// - Parameters:
    ///   - bytes: The content of the file.
    ///   - name: The file's name for the error message.
    /// - Throws: ``CommandFault`` if the content is neither.
    init(_ bytes: [UInt8], name: String) throws(CommandFault) {
        let (decoder, data) = (JSONDecoder(), Data(bytes))
        if let document = try? decoder.decode(Document.self, from: data) {
            isManifest = true
            reports = document.images.compactMap(\.report)
        } else if let report = try? decoder.decode(ProtectionReport.self, from: data) {
            isManifest = false
            reports = [report]
        } else {
            throw CommandFault(
                "\(StandardError.printable(name)) is neither an archive's manifest nor a picture's report."
            )
        }
    }

    /// Returns the report on a protected picture, found by the picture's hash.
    func report(ofOutput sha256: SHA256Digest) -> ProtectionReport? {
        reports.first { $0.outputSHA256 == sha256.hex }
    }
}
