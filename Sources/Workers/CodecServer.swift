import CLinux
public import Cryptography
import Glibc
public import JobModel
import POSIX

/// The whole life of a codec process: restrict itself, load the weights, answer requests until the parent closes the socket.
///
/// Descriptors: 0 the socket to the parent, 1 /dev/null, 2 the parent's stderr, 3 the weights. One thread, blocking, since it has
/// nothing else to do.
public struct CodecServer {
    /// A network that is ready to protect pictures.
    public struct Engine {
        /// The hash of the weights file.
        public let modelSHA256: SHA256Digest
        /// Protects one picture, or says why it cannot.
        public let protect: (CodecImage) -> Result<ProtectedPicture, ImageFailureError>
        /// Makes of a picture's file the PNG that is kept as a semantic image, or says why it cannot.
        public let semanticImage: ([UInt8]) -> Result<[UInt8], ImageFailureError>

        /// Wraps a network.
        public init(
            modelSHA256: SHA256Digest,
            protect: @escaping (CodecImage) -> Result<ProtectedPicture, ImageFailureError>,
            semanticImage: @escaping ([UInt8]) -> Result<[UInt8], ImageFailureError>
        ) {
            self.modelSHA256 = modelSHA256
            self.protect = protect
            self.semanticImage = semanticImage
        }
    }

    /// A PNG and what is to be said about it.
    public struct ProtectedPicture: Sendable {
        /// The file.
        public let png: [UInt8]
        /// The report about it.
        public let report: ProtectionReport
        /// What else was asked for.
        public let attachments: [AttachmentKind: [UInt8]]
        /// How long its steps took.
        public let durations: StageDurations

        /// Puts them together.
        public init(
            png: [UInt8],
            report: ProtectionReport,
            attachments: [AttachmentKind: [UInt8]],
            durations: StageDurations
        ) {
            self.png = png
            self.report = report
            self.attachments = attachments
            self.durations = durations
        }

        /// Why it cannot be given to a parent that takes so many bytes of a picture, who would end a codec that sends more.
        func refusal(atMost limit: UInt64) -> ImageFailure? {
            let count = UInt64(png.count + attachments.values.reduce(0) { $0 + $1.count })
            guard count > limit else { return nil }
            return ImageFailure(
                code: "image_too_large",
                detail: """
                    What was made of the picture is \(count) bytes long; \(limit) are allowed, and more with more pixels (--max-pixels; \
                    for a service also PALIMPSEST_MAX_PIXELS).
                    """
            )
        }
    }

    /// An ``ImageFailure`` that can be thrown.
    public struct ImageFailureError: Error, Sendable {
        /// The code and the sentence.
        public let failure: ImageFailure

        /// Wraps a failure.
        public init(_ failure: ImageFailure) {
            self.failure = failure
        }
    }

    /// Why a codec does not begin where system calls cannot be filtered, which is so for every other one too.
    static let unfiltered = "codec_unfiltered"

    /// The most bytes of a weights file.
    static let maxWeightsBytes = 512 << 20

    private let parent: Int32
    private let memoryBytes: UInt64?
    private let filter: SystemCallFilter
    private let maxAnswerBytes: UInt64
    private let loadEngine: ([UInt8]) throws(ImageFailureError) -> Engine

    /// Describes a codec process.
    ///
    /// - Parameters:
    ///   - parent: The process that started this one.
    ///   - memoryBytes: The most address space to use; `nil` for no limit.
    ///   - filter: Whether system calls are filtered once the engine is there.
    ///   - maxAnswerBytes: The most bytes that the parent takes of what is made of a picture.
    ///   - loadEngine: Makes the network of a weights file, which may be hostile.
    public init(
        parent: Int32,
        memoryBytes: UInt64?,
        filter: SystemCallFilter,
        maxAnswerBytes: UInt64 = CodecLimits().maxBodyBytes,
        loadEngine: @escaping ([UInt8]) throws(ImageFailureError) -> Engine
    ) {
        self.parent = parent
        self.memoryBytes = memoryBytes
        self.filter = filter
        self.maxAnswerBytes = maxAnswerBytes
        self.loadEngine = loadEngine
    }

    /// Works until the parent closes the socket.
    ///
    /// - Returns: The exit status: 0 after an orderly end, 1 if the weights cannot be used or the parent broke the protocol.
    public func run() -> Int32 {
        let socket = FileDescriptor(owning: 0)
        do {
            let engine: Engine
            do throws(ImageFailureError) {
                engine = try start()
            } catch {
                try send(.unready(error.failure), over: socket)
                return 1
            }
            try send(.ready(modelSHA256: engine.modelSHA256, pid: getpid()), over: socket)
            try serve(engine, over: socket)
            return 0
        } catch {
            // The parent has gone or is broken; there is nobody to tell.
            return 1
        }
    }

    private func start() throws(ImageFailureError) -> Engine {
        do throws(SystemError) {
            try CodecSandbox.enter(parent: parent, memoryBytes: memoryBytes)
        } catch {
            throw ImageFailureError(
                ImageFailure(code: "codec_unsafe", detail: "The codec could not restrict itself: \(error).")
            )
        }
        let bytes: [UInt8]
        do throws(SystemError) {
            let file = FileDescriptor(owning: 3)
            bytes = try file.readAll(limit: Self.maxWeightsBytes)
        } catch {
            throw ImageFailureError(
                ImageFailure(code: "weights_unreadable", detail: "The weights file could not be read: \(error).")
            )
        }
        let engine = try loadEngine(bytes)
        do throws(SystemError) {
            try CodecSandbox.seal(filter: filter)
        } catch {
            throw ImageFailureError(
                error.call == SystemCallFilter.call
                    ? ImageFailure(code: Self.unfiltered, detail: "\(SystemCallFilter.advice) (\(error))")
                    : ImageFailure(code: "codec_unsafe", detail: "The codec could not restrict itself: \(error).")
            )
        }
        return engine
    }

    private func serve(_ engine: Engine, over socket: borrowing FileDescriptor) throws {
        var reader = FrameReader(limits: CodecLimits())
        while true {
            while let frame = try reader.next() {
                try answer(CodecRequest(frame), by: engine, over: socket)
            }
            let count = reader.receive(from: socket, mayBlock: true)
            if count < 0 { throw SystemError(call: "recv", code: Int32(-count)) }
            if count == 0 {
                guard reader.isBetweenFrames else { throw CodecFault.truncated }
                return
            }
        }
    }

    private func answer(_ request: CodecRequest, by engine: Engine, over socket: borrowing FileDescriptor) throws {
        switch request {
        case .protect(let images):
            for (id, image) in images.enumerated() {
                switch engine.protect(image) {
                case .success(let picture):
                    if let refusal = picture.refusal(atMost: maxAnswerBytes) {
                        try send(.failed(id: id, refusal), over: socket)
                        continue
                    }
                    let answer = CodecAnswer.protected(
                        id: id,
                        report: picture.report,
                        png: picture.png,
                        attachments: picture.attachments,
                        durations: picture.durations
                    )
                    try send(answer, over: socket)
                case .failure(let error):
                    try send(.failed(id: id, error.failure), over: socket)
                }
            }
        case .semanticImage(let bytes):
            switch engine.semanticImage(bytes) {
            case .success(let png): try send(.semanticImage(png: png), over: socket)
            case .failure(let error): try send(.failed(id: 0, error.failure), over: socket)
            }
        }
    }

    private func send(_ answer: CodecAnswer, over socket: borrowing FileDescriptor) throws {
        let frame = try answer.frame()
        let prefix = CodecFrame.prefix(headerCount: UInt32(frame.header.count), bodyCount: UInt64(frame.body.count))
        for part in [prefix + frame.header, frame.body] {
            var sent = 0
            while sent < part.count {
                let count = part.withUnsafeBytes { bytes in
                    plm_send(socket.number, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, true)
                }
                guard count > 0 else { throw SystemError(call: "send", code: Int32(-count)) }
                sent += count
            }
        }
    }
}
