import CodecProtocol
import JobModel

/// The models of a codec process, by name.
struct Engines {
    private let all: [(name: ModelName, engine: CodecServer.Engine)]

    /// Takes at least one model; the first is the default.
    init(_ all: [(name: ModelName, engine: CodecServer.Engine)]) {
        self.all = all
    }

    /// The model for pictures that name none.
    var standard: CodecServer.Engine { all[0].engine }

    /// The models as reported to the parent.
    var loaded: [LoadedModel] {
        all.map {
            LoadedModel(
                name: $0.name,
                method: $0.engine.method,
                settings: $0.engine.settings,
                sha256: $0.engine.modelSHA256,
                statement: $0.engine.statement
            )
        }
    }

    /// Returns a picture's model.
    ///
    /// - Throws: An `ImageFailure` for a model that this process was started without, for example
    ///   because its file was removed after the job was accepted.
    func engine(of name: ModelName?) throws(ImageFailure) -> CodecServer.Engine {
        guard let name else { return standard }
        guard let model = all.first(where: { $0.name == name }) else {
            throw .modelUnknown(among: all.map(\.name))
        }
        return model.engine
    }
}
