import CLinux
public import CodecProtocol
public import Cryptography
import Glibc
public import Imaging
public import JobModel
import POSIX
public import Sandbox

/// The life of a codec process: restrict itself, load the weights, and answer requests until the
/// parent closes the socket.
///
/// Its descriptors are: 0, the socket to the parent; 1, /dev/null; 2, the parent's stderr; from 3
/// on, the weights files, one per model. One thread reads, works and answers. Helpers share the work
/// of a picture when the parent grants it more than one thread; otherwise they sleep.
public struct CodecServer {
    /// A method that is ready to protect pictures.
    public struct Engine {
        /// The method's name.
        public let method: MethodID
        /// The settings that only the method has.
        public let settings: [MethodSetting]
        /// The hash of the weights file.
        public let modelSHA256: SHA256Digest
        /// What the weights file states about itself.
        public let statement: WeightsStatement
        /// Protects one picture, whose bands the runner runs.
        public let protect: (CodecImage, BandRunner) throws(ImageFailure) -> ProtectedImage
        /// Converts a picture file to the PNG that a class keeps.
        public let importPicture: ([UInt8]) throws(ImageFailure) -> [UInt8]

        /// Creates an engine.
        public init(
            method: MethodID,
            settings: [MethodSetting] = [],
            modelSHA256: SHA256Digest,
            statement: WeightsStatement = WeightsStatement(),
            protect: @escaping (CodecImage, BandRunner) throws(ImageFailure) -> ProtectedImage,
            importPicture: @escaping ([UInt8]) throws(ImageFailure) -> [UInt8]
        ) {
            self.method = method
            self.settings = settings
            self.modelSHA256 = modelSHA256
            self.statement = statement
            self.protect = protect
            self.importPicture = importPicture
        }
    }

    /// The most bytes of a weights file.
    static let maxWeightsBytes = 512 << 20

    /// The size up to which copying bytes costs less than another call.
    private static let smallBytes = 64 << 10

    private let models: [ModelName]
    private let parent: Int32
    private let memoryBytes: UInt64?
    private let filter: SystemCallFilter
    private let maxAnswerBytes: UInt64
    private let loadEngine: ([UInt8]) throws(ImageFailure) -> Engine

    /// Creates a codec process's server; ``run()`` starts it.
    ///
    /// - Parameters:
    ///   - models: The names of the weights files; the first is the default model.
    ///   - parent: The process that started this one.
    ///   - memoryBytes: The limit of the address space; `nil` for none.
    ///   - filter: Whether to filter system calls once the weights are loaded.
    ///   - maxAnswerBytes: The most bytes of one protected picture with its attachments.
    ///   - loadEngine: Loads the bytes of a weights file, which may be hostile.
    public init(
        models: [ModelName],
        parent: Int32,
        memoryBytes: UInt64?,
        filter: SystemCallFilter,
        maxAnswerBytes: UInt64 = CodecLimits().maxBodyBytes,
        loadEngine: @escaping ([UInt8]) throws(ImageFailure) -> Engine
    ) {
        precondition(!models.isEmpty, "a codec has at least one model")
        self.models = models
        self.parent = parent
        self.memoryBytes = memoryBytes
        self.filter = filter
        self.maxAnswerBytes = maxAnswerBytes
        self.loadEngine = loadEngine
    }

    /// Answers requests until the parent closes the socket.
    ///
    /// - Returns: The exit status: 0 after an orderly end; 1 if the process cannot restrict itself
    ///   or use the weights, or if the connection breaks or the parent violates the protocol.
    public func run() -> Int32 {
        let socket = FileDescriptor(owning: 0)
        do {
            let (engines, team): (Engines, ThreadTeam)
            do throws(ImageFailure) {
                (engines, team) = try start()
            } catch {
                try send(.unready(error), over: socket)
                return 1
            }
            try send(.ready(models: engines.loaded, pid: getpid()), over: socket)
            try serve(engines, team, over: socket)
            return 0
        } catch {
            // The parent is gone or broken, so there is nobody to tell.
            return 1
        }
    }

    private func start() throws(ImageFailure) -> (Engines, ThreadTeam) {
        do throws(SystemError) {
            try CodecSandbox.enter(parent: parent, memoryBytes: memoryBytes)
        } catch {
            throw ImageFailure(
                code: "codec_unsafe",
                detail: "The codec could not restrict itself: \(error)."
            )
        }
        var engines: [(name: ModelName, engine: Engine)] = []
        for (number, name) in models.enumerated() {
            do throws(ImageFailure) {
                let file = FileDescriptor(owning: 3 + Int32(number))
                engines.append((name: name, engine: try load(from: file)))
            } catch {
                guard models.count > 1 else { throw error }
                throw ImageFailure(code: error.code, detail: "\(name): \(error.detail)")
            }
        }
        let team = Self.helpers()
        do throws(SystemError) {
            try CodecSandbox.seal(filter: filter)
        } catch {
            throw error.call == SystemCallFilter.call
                ? ImageFailure(
                    code: CodecAnswer.unfiltered,
                    detail: "\(SystemCallFilter.advice) (\(error))"
                )
                : ImageFailure(
                    code: "codec_unsafe",
                    detail: "The codec could not restrict itself: \(error)."
                )
        }
        return (Engines(engines), team)
    }

    /// Starts the threads that help with large pictures.
    ///
    /// They start between the two steps of the sandbox: rights and capabilities are a thread's own
    /// and inherited, and the filter, which binds all threads that there are, forbids new ones.
    private static func helpers() -> ThreadTeam {
        // A second heap would double the memory that freed photos leave behind.
        plm_share_heap()
        let processors = min(ThreadTeam.usableProcessors, CodecRequest.maxThreads)
        return ThreadTeam(name: "codec-helper", helpers: processors - 1)
    }

    private func load(from file: consuming FileDescriptor) throws(ImageFailure) -> Engine {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try file.readAll(limit: Self.maxWeightsBytes)
        } catch {
            throw ImageFailure(
                code: "weights_unreadable",
                detail: "The weights file could not be read: \(error)."
            )
        }
        return try loadEngine(bytes)
    }

    private func serve(
        _ engines: Engines,
        _ team: ThreadTeam,
        over socket: borrowing FileDescriptor
    ) throws {
        var reader = FrameReader(limits: CodecLimits())
        while true {
            while let frame = try reader.next() {
                try answer(CodecRequest(frame), by: engines, team, over: socket)
            }
            let count = reader.receive(from: socket, mayBlock: true)
            if count < 0 { throw SystemError(call: "recv", code: Int32(-count)) }
            if count == 0 {
                guard reader.isBetweenFrames else { throw CodecFault.truncated }
                return
            }
        }
    }

    private func answer(
        _ request: CodecRequest,
        by engines: Engines,
        _ team: ThreadTeam,
        over socket: borrowing FileDescriptor
    ) throws {
        switch request {
        case .protect(let images, let threads):
            let bands = BandRunner(threads: min(threads, team.helpers + 1), on: team)
            for (id, image) in images.enumerated() {
                try send(answer(about: image, id: id, by: engines, bands), over: socket)
            }
        case .importPicture(let bytes):
            let answer: CodecAnswer
            do throws(ImageFailure) {
                answer = .imported(png: try engines.standard.importPicture(bytes))
            } catch {
                answer = .failed(id: 0, error)
            }
            try send(answer, over: socket)
        }
    }

    private func answer(
        about image: CodecImage,
        id: Int,
        by engines: Engines,
        _ bands: BandRunner
    ) -> CodecAnswer {
        do throws(ImageFailure) {
            let protected = try engines.engine(of: image.settings.model).protect(image, bands)
            if let refusal = protected.refusal(atMost: maxAnswerBytes) { throw refusal }
            return .protected(id: id, protected)
        } catch {
            return .failed(id: id, error)
        }
    }

    private func send(_ answer: CodecAnswer, over socket: borrowing FileDescriptor) throws {
        let frame = try answer.frame()
        let prefix = CodecFrame.prefix(
            headerCount: UInt32(frame.header.count),
            bodyCount: UInt64(frame.body.count)
        )
        let head = prefix + frame.header
        // A small answer in one piece wakes the parent once.
        let isSmall = frame.body.count <= Self.smallBytes
        for part in isSmall ? [head + frame.body] : [head, frame.body] {
            var sent = 0
            while sent < part.count {
                let count = part.withUnsafeBytes { bytes in
                    plm_send(
                        socket.number,
                        bytes.baseAddress?.advanced(by: sent),
                        bytes.count - sent,
                        true
                    )
                }
                guard count > 0 else { throw SystemError(call: "send", code: Int32(-count)) }
                sent += count
            }
        }
    }
}

extension ProtectedImage {
    /// Returns why the result is too large for the parent, which would kill a codec that sent it.
    func refusal(atMost limit: UInt64) -> ImageFailure? {
        guard UInt64(byteCount) > limit else { return nil }
        return ImageFailure(
            code: "image_too_large",
            detail: """
                The protected picture with its attachments is \(byteCount) bytes long; at most \
                \(limit) are allowed. A higher pixel limit allows more (--max-pixels; for a \
                service also PALIMPSEST_MAX_PIXELS).
                """
        )
    }
}
