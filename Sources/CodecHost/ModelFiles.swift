public import JobModel
import POSIX

/// The weights files that codec processes load, each a named model.
public struct ModelFiles: Sendable, Equatable {
    /// One weights file and its name.
    public struct Model: Sendable, Equatable {
        /// The name by which a job chooses the model.
        public let name: ModelName
        /// The file's path.
        public let path: String
    }

    /// Why a path cannot be used for models.
    public struct Fault: Error, Sendable, CustomStringConvertible {
        /// A sentence for whoever named the path.
        public let description: String
    }

    /// The most files that are loaded; each costs every codec process memory and a descriptor.
    public static let maxCount = 16
    /// The suffix of weights files.
    static let suffix = ".safetensors"
    /// The name of a single file whose own name is not a valid model name.
    private static let fallback = "default"

    /// The file or folder that was named.
    public let path: String
    /// The models; the first is the default.
    public let models: [Model]

    /// The names, the default's first.
    public var names: [ModelName] { models.map(\.name) }

    /// The default model alone, for a program that uses no other.
    public var onlyDefault: ModelFiles { ModelFiles(path: path, models: Array(models.prefix(1))) }

    private init(path: String, models: [Model]) {
        self.path = path
        self.models = models
    }

    /// Uses one file, whatever its name.
    public init(file path: String) {
        let last = path.split(separator: "/").last.map(String.init) ?? ""
        guard let name = Self.name(of: last) ?? ModelName(rawValue: Self.fallback) else {
            preconditionFailure("the fallback is a name")
        }
        self.init(path: path, models: [Model(name: name, path: path)])
    }

    /// Uses a file, or all weights files of a folder that are not hidden.
    ///
    /// - Parameters:
    ///   - path: The file or the folder.
    ///   - chosen: The default model; required if there are several.
    /// - Throws: ``Fault``.
    public init(at path: String, default chosen: ModelName?) throws(Fault) {
        let files: [String]?
        do throws(SystemError) {
            let isFolder = try FileStatus(of: path).kind == .folder
            files = isFolder ? try Folder.names(in: path) : nil
        } catch {
            throw Fault(description: "The weights \(path) cannot be read: \(error).")
        }
        let all =
            if let files { try Self.folder(path, files) } else { ModelFiles(file: path) }
        guard let chosen = chosen ?? (all.models.count == 1 ? all.names.first : nil) else {
            throw Fault(
                description:
                    "There are \(all.models.count) models in \(path); say by --model which is the "
                    + "default: \(ModelName.choice(of: all.names))."
            )
        }
        guard let place = all.names.firstIndex(of: chosen) else {
            throw Fault(
                description: "There is no model \(chosen) in \(path); --model must be "
                    + "\(ModelName.choice(of: all.names))."
            )
        }
        var models = all.models
        models.insert(models.remove(at: place), at: 0)
        self.init(path: path, models: models)
    }

    /// Returns all weights files of a folder, sorted by name.
    private static func folder(_ path: String, _ files: [String]) throws(Fault) -> ModelFiles {
        var models: [Model] = []
        for file in files.sorted() where file.hasSuffix(suffix) && !file.hasPrefix(".") {
            let whole = "\(path)/\(file)"
            guard let name = Self.name(of: file) else {
                throw Fault(
                    description:
                        "The weights file \(whole) names no model; before \(suffix) there must be "
                        + "\(ModelName.rule)."
                )
            }
            models.append(Model(name: name, path: whole))
        }
        guard !models.isEmpty else {
            throw Fault(description: "There is no weights file (*\(suffix)) in the folder \(path).")
        }
        guard models.count <= maxCount else {
            throw Fault(
                description:
                    "There are \(models.count) weights files in the folder \(path); at most "
                    + "\(maxCount) are loaded."
            )
        }
        return ModelFiles(path: path, models: models)
    }

    private static func name(of file: String) -> ModelName? {
        ModelName(rawValue: file.hasSuffix(suffix) ? String(file.dropLast(suffix.count)) : file)
    }
}
