import Cryptography
import FoundationEssentials
import JobModel

/// What is said about protected pictures: a `manifest.json` of an archive, or the report that `palimpsest protect` writes beside a picture.
struct SignedManifest {
    private struct Document: Decodable {
        struct Image: Decodable {
            let report: ProtectionReport?
        }

        let images: [Image]
    }

    /// The most bytes of a manifest: ten thousand images take some ten million.
    static let maxBytes = 256 << 20
    /// The end of the signature's name, which lies beside the manifest.
    static let signatureSuffix = ".sig"

    /// Whether it is a manifest, and not the report about one picture.
    let isManifest: Bool
    private let reports: [ProtectionReport]

    /// Decodes either.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - name: What it is called in complaints.
    /// - Throws: ``CommandFault`` if it is none.
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

    /// The report about a protected picture, found by its hash.
    func report(ofOutput sha256: SHA256Digest) -> ProtectionReport? {
        reports.first { $0.outputSHA256 == sha256.hex }
    }
}
