import S3Blobs

/// Where photos and results are: `--blobs`.
public enum BlobLocation: Sendable, Equatable {
    /// The data folder.
    case folder
    /// A folder that all nodes have mounted.
    case sharedFolder(String)
    /// A bucket of an object store.
    case objects(ObjectStore)

    /// An object store, whose URL has been understood.
    public struct ObjectStore: Sendable, Equatable {
        let location: S3Location
        let text: String
    }

    /// Parses what follows `--blobs`.
    ///
    /// - Parameter text: `data`, `file:///PATH`, or a URL that begins with `s3://`.
    /// - Throws: ``LocationFault``.
    public init(_ text: String) throws(LocationFault) {
        if text == "data" {
            self = .folder
        } else if text.hasPrefix("file:///"), text.utf8.count > "file:///".utf8.count,
            !text.utf8.contains(0)
        {
            self = .sharedFolder(String(text.dropFirst("file://".count)))
        } else {
            do throws(S3Location.Fault) {
                self = .objects(ObjectStore(location: try S3Location(text), text: text))
            } catch {
                throw LocationFault(
                    "must be data, file:///PATH, or a URL of an object store: \(error)"
                )
            }
        }
    }

    /// As it is written after `--blobs`; it has no secret.
    public var text: String {
        switch self {
        case .folder: "data"
        case .sharedFolder(let path): "file://\(path)"
        case .objects(let store): store.text
        }
    }

    /// How it is reached, as one word for metrics.
    public var kind: String {
        switch self {
        case .folder: "data"
        case .sharedFolder: "file"
        case .objects: "s3"
        }
    }

    /// Whether many nodes may share it.
    public var isShared: Bool { self != .folder }
}
