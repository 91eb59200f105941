public import JobModel
import POSIX

/// The weights files that codec processes load, each a model with a name.
public struct ModelFiles: Sendable, Equatable {
    /// One weights file.
    public struct Model: Sendable, Equatable {
        /// By which a job chooses it.
        public let name: ModelName
        /// The file's path.
        public let path: String
    }

    /// The files of a folder cannot be used as models, in one sentence for whoever named them.
    public struct Fault: Error, Sendable, CustomStringConvertible {
        /// The sentence.
        public let description: String
    }

    /// The most files that are loaded; a codec process takes memory and a descriptor for each.
    public static let maxCount = 16
    /// The end of a weights file's name.
    static let suffix = ".safetensors"
    /// What a single file is called whose name can be no model's.
    private static let fallback = "default"

    /// The file or the folder that was named.
    public let path: String
    /// The models; the first is the default.
    public let models: [Model]

    /// The names, that of the default first.
    public var names: [ModelName] { models.map(\.name) }

    /// The default alone, for a program that protects with no other.
    public var onlyDefault: ModelFiles { ModelFiles(path: path, models: Array(models.prefix(1))) }

    private init(path: String, models: [Model]) {
        self.path = path
        self.models = models
    }

    /// Takes one file, whatever it is called.
    public init(file path: String) {
        let last = path.split(separator: "/").last.map(String.init) ?? ""
        guard let name = Self.name(of: last) ?? ModelName(rawValue: Self.fallback) else {
            preconditionFailure("the fallback is a name")
        }
        self.init(path: path, models: [Model(name: name, path: path)])
    }

    /// Takes a file, or all weights files of a folder that are not hidden.
    ///
    /// - Parameters:
    ///   - path: The file or the folder.
    ///   - chosen: The model that is to be the default; needed where there are several.
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

    /// All weights files of a folder, in the order of their names.
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
