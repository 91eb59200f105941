import Cryptography
import FoundationEssentials
import GRDB
import JobModel

/// What to hide in the images of one claim, as it was settled when their job was accepted; each class is looked up once.
struct ClaimedClasses {
    /// What a class has in a job.
    private enum Choice {
        case generated(SemanticImageAssignment)
        case imported(list: Int64, count: Int)
    }

    let job: Int64
    let tenant: String
    let mode: ProtectionMode
    private var choices: [String: Choice] = [:]

    init(job: Int64, tenant: String, mode: ProtectionMode) {
        self.job = job
        self.tenant = tenant
        self.mode = mode
    }

    /// What an image gets; `nil` if its job does not know the class.
    mutating func semanticImage(
        _ db: Database,
        label: String,
        input: SHA256Digest
    ) throws -> SemanticImageSource<SHA256Digest>? {
        guard let choice = try choices[label] ?? choice(db, label: label) else { return nil }
        choices[label] = choice
        switch choice {
        case .generated(let assignment): return .generated(assignment)
        case .imported(let list, let count):
            let place = mode.importedIndex(among: count, sampleSeed: input.sampleSeed(0))
            return .imported(try Self.picture(db, list: list, position: place))
        }
    }

    private func choice(_ db: Database, label: String) throws -> Choice? {
        let row = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT list FROM job_classes WHERE job = ? AND label = ?"),
            arguments: [job, label]
        )
        guard let row else { return nil }
        guard let list: Int64 = row["list"] else {
            return try JobStore.assignment(db, tenant: tenant, label: label).map(Choice.generated)
        }
        let count = try Int.fetchOne(
            db.cachedStatement(sql: "SELECT count(*) FROM listed_pictures WHERE list = ?"),
            arguments: [list]
        )
        guard let count, count > 0 else { throw JobStoreError.corrupt("a list of imported semantic images is empty") }
        return .imported(list: list, count: count)
    }

    private static func picture(_ db: Database, list: Int64, position: Int) throws -> SHA256Digest {
        let hash = try Data.fetchOne(
            db.cachedStatement(sql: "SELECT sha256 FROM listed_pictures WHERE list = ? AND position = ?"),
            arguments: [list, position]
        )
        guard let hash else { throw JobStoreError.corrupt("a list of imported semantic images has a gap") }
        return try SHA256Digest(column: hash)
    }
}
