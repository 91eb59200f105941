import Archive
import Cryptography
import FoundationEssentials
import JobModel

/// The archive of a job: the protected pictures and a manifest with an entry for each photo.
struct JobArchive {
    /// The manifest's entry for a photo.
    struct Image: Decodable {
        let number: Int
        /// The name of the picture's member; `nil` for a photo without a class.
        let file: String?
        let state: ImageState
        let error: ImageFailure?
        let report: ProtectionReport?

        /// Whether a retry may succeed, because the server failed and not the photo.
        var isWorthRetrying: Bool {
            guard state == .failed || state == .quarantined, let code = error?.code else {
                return false
            }
            return Self.faultsOfServers.contains(code)
        }

        private static let faultsOfServers: Set<String> = [
            "image_quarantined", "image_interrupted", "storage_corrupt", "storage_missing",
            "storage_failed",
        ]
    }

    /// A manifest with the service's signature.
    struct ManifestAndSignature {
        let manifest: [UInt8]
        let signature: [UInt8]
    }

    private struct Manifest: Decodable {
        let job: JobIdentifier?
        let images: [Image]
    }

    private static let manifestName = "manifest.json"
    private static let signatureName = "manifest.json.sig"

    private let file: UnnamedFile
    /// The job; `nil` if the manifest names none.
    let job: JobIdentifier?
    /// The manifest and its signature; `nil` if it is not signed.
    let signedManifest: ManifestAndSignature?
    /// The entries, by the photos' numbers in the job.
    let images: [Int: Image]

    /// Reads the manifest.
    ///
    /// - Throws: ``CommandFault`` if the file is not the archive of a job.
    init(_ file: UnnamedFile) throws {
        self.file = file
        var found: [String: [UInt8]] = [:]
        try Self.forEachMember(of: file, { [Self.manifestName, Self.signatureName].contains($0) }) {
            name,
            bytes in
            found[name] = bytes
        }
        guard let bytes = found[Self.manifestName],
            let manifest = try? JSONDecoder().decode(Manifest.self, from: Data(bytes))
        else { throw Self.damaged }
        job = manifest.job
        signedManifest = found[Self.signatureName].map {
            ManifestAndSignature(manifest: bytes, signature: $0)
        }
        images = Dictionary(
            manifest.images.map { ($0.number, $0) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// Reads the protected pictures and checks each against the hash in its report.
    ///
    /// - Parameter take: Receives a picture's number, its file and its report.
    /// - Throws: ``CommandFault`` if the archive is damaged.
    func forEachPicture(_ take: (Int, [UInt8], ProtectionReport) -> Void) throws {
        let files = images.values.compactMap { image in image.file.map { ($0, image.number) } }
        let numbers = Dictionary(files, uniquingKeysWith: { first, _ in first })
        try Self.forEachMember(of: file, { numbers[$0] != nil }) { name, bytes in
            guard let number = numbers[name], let report = images[number]?.report,
                SHA256.hash(bytes).hex == report.outputSHA256
            else { throw Self.damaged }
            take(number, bytes, report)
        }
    }

    private static let damaged = CommandFault("The server's archive is not what its manifest says.")

    /// Reads an archive and passes on each wanted member as a whole.
    private static func forEachMember(
        of file: UnnamedFile,
        _ isWanted: (String) -> Bool,
        _ take: (String, [UInt8]) throws -> Void
    ) throws {
        // The service stores its members. Accept deflated ones too, but do not unpack more bytes
        // than were downloaded.
        let limits = ArchiveLimits(maxMembers: 200_000, maxUnpackedBytes: try file.size)
        let decoder = ZIPDecoder(limits: limits)
        var current: (name: String, bytes: [UInt8])?
        do {
            try file.forEachPiece { piece in
                decoder.receive(piece)
                while let event = try decoder.next() {
                    switch event {
                    case .memberBegan(let member):
                        current = isWanted(member.name) ? (member.name, []) : nil
                    case .memberBytes(let bytes): current?.bytes += bytes
                    case .memberEnded:
                        if let member = current { try take(member.name, member.bytes) }
                    }
                }
            }
            try decoder.finish()
        } catch is ArchiveFault {
            throw damaged
        }
    }
}
