import Cryptography
import JobModel
import Queue

/// The artefacts of a claim's classes, as frozen when the job was accepted; each class is queried
/// once.
struct ClaimedClasses {
    /// The artefact of a class in a job, and the list of its imported pictures if there is one.
    private typealias Frozen = (artefact: ClassArtefact, list: Int64?)

    let job: Int64
    let tenant: String
    let mode: ProtectionMode
    private var known: [String: Frozen] = [:]

    init(job: Int64, tenant: String, mode: ProtectionMode) {
        self.job = job
        self.tenant = tenant
        self.mode = mode
    }

    /// Returns the part of the artefact for an image; nil if the job does not have the class.
    mutating func part(
        _ db: any SQLSession,
        label: String,
        input: SHA256Digest
    ) throws -> ArtefactPart<SHA256Digest>? {
        guard let frozen = try known[label] ?? frozen(db, label: label) else { return nil }
        known[label] = frozen
        return try frozen.artefact.part(for: input, mode: mode).mapImported { position in
            try Self.picture(db, list: frozen.list, position: position)
        }
    }

    private func frozen(_ db: any SQLSession, label: String) throws -> Frozen? {
        let row = try db.row(
            "SELECT list FROM job_classes WHERE job = ? AND label = ?",
            [job, label]
        )
        guard let row else { return nil }
        guard let list: Int64 = try row["list"] else {
            return try ClassAssignment.fetch(db, tenant: tenant, label: label).map {
                (.generated($0), nil)
            }
        }
        let count = try db.value(
            Int.self,
            "SELECT count(*) FROM listed_pictures WHERE list = ?",
            [list]
        )
        guard let count, count > 0 else {
            throw StoreError.corrupt("a list of imported semantic images is empty")
        }
        return (.imported(count: count), list)
    }

    private static func picture(
        _ db: any SQLSession,
        list: Int64?,
        position: Int
    ) throws -> SHA256Digest {
        let hash = try db.value(
            [UInt8].self,
            "SELECT sha256 FROM listed_pictures WHERE list = ? AND position = ?",
            [list, position]
        )
        guard let hash else {
            throw StoreError.corrupt("a list of imported semantic images has a gap")
        }
        return try SHA256Digest(column: hash)
    }
}
