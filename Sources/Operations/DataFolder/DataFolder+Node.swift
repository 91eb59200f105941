import Cryptography
import JobModel
import POSIX
public import Queue
import SQLiteStore

/// The identity of the machine that serves a data folder.
extension DataFolder {
    /// The name of the file that holds the node's name.
    static let nodeFileName = "node"

    private var nodeFile: SecretFile {
        SecretFile(path: "\(path)/\(Self.nodeFileName)", purpose: "The node's name")
    }

    /// Which machine's which folder this is: the same for as long as the machine runs, and different
    /// for a copy of the folder.
    public func place() throws -> String {
        do throws(SystemError) {
            let identity = try FileStatus(of: path).identity
            return "\(MachineClock.system.boot)/\(identity.device)/\(identity.node)"
        } catch {
            throw Fault(description: "The data folder \(path) cannot be read: \(error.words).")
        }
    }

    /// Requires that no other node has a name.
    ///
    /// - Parameters:
    ///   - node: This node's name.
    ///   - store: What the nodes share.
    /// - Throws: ``Fault`` if a node of this name has told of itself lately, from elsewhere; errors of
    ///   the store.
    public func requireNobodyElse(
        named node: String,
        in store: any ClusterCatalog
    ) async throws {
        let place = try place()
        let others = try await store.nodes(seenWithin: .seconds(30))
        guard !others.contains(where: { $0.name == node && $0.place != place }) else {
            throw Fault(
                description:
                    "Another node is named \(node) and was heard of within the last 30 seconds. "
                    + "Give each its own name by --node; in a copied data folder, remove the file "
                    + "\(Self.nodeFileName), and a start draws a new one."
            )
        }
    }

    /// Returns the name under which this machine's workers hold images, `WorkerOwner.instance`.
    ///
    /// The first start draws it at random. It stays the same across restarts, so that a start can
    /// take back what the last run held. Backups do not include it: a machine that serves a backup
    /// is another node.
    ///
    /// - Throws: ``Fault`` if the file cannot be read or written, or holds no valid name;
    ///   `CryptographyError` if there are no random numbers.
    public func provideNode() throws -> String {
        if let text = try nodeFile.read() {
            let name = text.hasSuffix("\n") ? String(text.dropLast()) : text
            guard WorkerOwner(instance: name, run: "0", worker: 0) != nil else {
                throw Fault(
                    description:
                        "The node's name \(nodeFile.path) must be 1 to 64 letters, digits, '-' or '_'; "
                        + "without the file a start draws a new one."
                )
            }
            return name
        }
        let name = "node-" + String(try SecureRandom.uint64(), radix: 16)
        try nodeFile.write(name + "\n")
        return name
    }
}
