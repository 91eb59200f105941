import Cryptography
import JobModel
import POSIX

/// The identity of the machine that serves a data folder.
extension DataFolder {
    /// The name of the file that holds the node's name.
    static let nodeFileName = "node"

    private var nodeFile: SecretFile {
        SecretFile(path: "\(path)/\(Self.nodeFileName)", purpose: "The node's name")
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
