import Cryptography
import FoundationEssentials
import GRDB
import JobModel
import Queue

/// Knows the pictures that a tenant's jobs gave out, for as long as the jobs are kept: by the hash of the file alone, so that no picture
/// says of itself that it is protected.
enum ProtectedPictures {
    /// What an image is refused with that is one of them.
    static let failure = ImageFailure(
        code: "image_already_protected",
        detail:
            "The file is a picture that was protected here already; send the original, or force=true to protect it again."
    )

    /// Refuses those of a tenant's new images that are such pictures.
    static func refusing(_ images: [NewImage], of tenant: APIKeyID, _ db: Database) throws -> [NewImage] {
        let statement = try db.cachedStatement(
            sql: "SELECT EXISTS (SELECT 1 FROM images WHERE output_sha256 = ? AND tenant = ?)"
        )
        return try images.map { image in
            guard case .stored(let blob) = image.content,
                try Bool.fetchOne(statement, arguments: [Data(blob.sha256.bytes), tenant.text]) == true
            else { return image }
            return image.refused(failure)
        }
    }
}
