import Cryptography
import JobModel
import Queue

/// Recognizes protected pictures that a tenant uploads again, for as long as the jobs that made
/// them are kept.
///
/// Only the hash of the file identifies them, so that no picture carries a mark of its protection.
enum ProtectedPictures {
    /// The failure of an image that is such a picture.
    static let failure = ImageFailure(
        code: "image_already_protected",
        detail: """
            The file is a picture that was protected here already; send the original, or \
            force=true to protect it again.
            """
    )

    /// Refuses the tenant's new images that are such pictures.
    static func refusing(
        _ images: [NewImage],
        of tenant: APIKeyID,
        _ db: any SQLSession
    ) throws -> [NewImage] {
        let files = images.indices.compactMap { place -> (place: Int, hash: [UInt8])? in
            guard case .stored(let blob) = images[place].content else { return nil }
            return (place, blob.sha256.bytes)
        }
        let known = try db.rowsOfEach(
            "SELECT EXISTS (SELECT 1 FROM images WHERE output_sha256 = ? AND tenant = ?)",
            files.map { [$0.hash, tenant.text] }
        )
        var accepted = images
        for (file, rows) in zip(files, known) where try rows.first?.value(at: 0) == true {
            accepted[file.place] = images[file.place].refused(failure)
        }
        return accepted
    }
}
