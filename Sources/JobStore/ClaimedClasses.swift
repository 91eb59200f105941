import Cryptography
import FoundationEssentials
import GRDB
import JobModel

/// What to hide in the images of one claim, each class looked up once.
struct ClaimedClasses {
    let tenant: String
    let mode: ProtectionMode
    private var imported: [String: Int] = [:]
    private var assignments: [String: SemanticImageAssignment] = [:]

    init(tenant: String, mode: ProtectionMode) {
        self.tenant = tenant
        self.mode = mode
    }

    /// What an image gets; `nil` if its class was never seen.
    mutating func semanticImage(
        _ db: Database,
        label: String,
        input: SHA256Digest
    ) throws -> SemanticImageSource<SHA256Digest>? {
        let count = try imported[label] ?? JobStore.importedCount(db, tenant: tenant, label: label)
        imported[label] = count
        guard count == 0 else {
            let place = mode.importedIndex(among: count, sampleSeed: input.sampleSeed(0))
            return .imported(try JobStore.importedBlob(db, tenant: tenant, label: label, position: place))
        }
        guard let assignment = try assignments[label] ?? JobStore.assignment(db, tenant: tenant, label: label) else {
            return nil
        }
        assignments[label] = assignment
        return .generated(assignment)
    }
}
