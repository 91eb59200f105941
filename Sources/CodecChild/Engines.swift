import CodecProtocol
import JobModel

/// The models of a codec process, by name.
struct Engines {
    private let all: [(name: ModelName, engine: CodecServer.Engine)]

    /// Lists models, at least one; the first is for pictures that name none.
    init(_ all: [(name: ModelName, engine: CodecServer.Engine)]) {
        self.all = all
    }

    /// The model of pictures that name none.
    var standard: CodecServer.Engine { all[0].engine }

    /// What the parent is told.
    var loaded: [LoadedModel] {
        all.map {
            LoadedModel(
                name: $0.name,
                method: $0.engine.method,
                settings: $0.engine.settings,
                sha256: $0.engine.modelSHA256
            )
        }
    }

    /// Finds a picture's model.
    ///
    /// - Throws: An `ImageFailure` for a model that this process was not started with, as when its
    ///   file is gone since the job was accepted.
    func engine(of name: ModelName?) throws(ImageFailure) -> CodecServer.Engine {
        guard let name else { return standard }
        guard let model = all.first(where: { $0.name == name }) else {
            throw .modelUnknown(among: all.map(\.name))
        }
        return model.engine
    }
}
