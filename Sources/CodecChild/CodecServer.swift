import CLinux
public import CodecProtocol
public import Cryptography
import Glibc
public import JobModel
import POSIX
public import Sandbox

/// The whole life of a codec process: restrict itself, load the weights, answer requests until the parent closes the socket.
///
/// Descriptors: 0 the socket to the parent, 1 /dev/null, 2 the parent's stderr, 3 the weights. One thread, blocking, since it has
/// nothing else to do.
public struct CodecServer {
    /// A method that is ready to protect pictures.
    public struct Engine {
        /// The hash of the weights file.
        public let modelSHA256: SHA256Digest
        /// Protects one picture.
        public let protect: (CodecImage) throws(ImageFailure) -> ProtectedImage
        /// Makes of a picture's file the PNG that is kept for a class.
        public let importPicture: ([UInt8]) throws(ImageFailure) -> [UInt8]

        /// Wraps a method.
        public init(
            modelSHA256: SHA256Digest,
            protect: @escaping (CodecImage) throws(ImageFailure) -> ProtectedImage,
            importPicture: @escaping ([UInt8]) throws(ImageFailure) -> [UInt8]
        ) {
            self.modelSHA256 = modelSHA256
            self.protect = protect
            self.importPicture = importPicture
        }
    }

    /// The most bytes of a weights file.
    static let maxWeightsBytes = 512 << 20

    private let parent: Int32
    private let memoryBytes: UInt64?
    private let filter: SystemCallFilter
    private let maxAnswerBytes: UInt64
    private let loadEngine: ([UInt8]) throws(ImageFailure) -> Engine

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
        loadEngine: @escaping ([UInt8]) throws(ImageFailure) -> Engine
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
            do throws(ImageFailure) {
                engine = try start()
            } catch {
                try send(.unready(error), over: socket)
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

    private func start() throws(ImageFailure) -> Engine {
        do throws(SystemError) {
            try CodecSandbox.enter(parent: parent, memoryBytes: memoryBytes)
        } catch {
            throw ImageFailure(code: "codec_unsafe", detail: "The codec could not restrict itself: \(error).")
        }
        let bytes: [UInt8]
        do throws(SystemError) {
            let file = FileDescriptor(owning: 3)
            bytes = try file.readAll(limit: Self.maxWeightsBytes)
        } catch {
            throw ImageFailure(code: "weights_unreadable", detail: "The weights file could not be read: \(error).")
        }
        let engine = try loadEngine(bytes)
        do throws(SystemError) {
            try CodecSandbox.seal(filter: filter)
        } catch {
            throw error.call == SystemCallFilter.call
                ? ImageFailure(code: CodecAnswer.unfiltered, detail: "\(SystemCallFilter.advice) (\(error))")
                : ImageFailure(code: "codec_unsafe", detail: "The codec could not restrict itself: \(error).")
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
                try send(answer(about: image, id: id, by: engine), over: socket)
            }
        case .importPicture(let bytes):
            let answer: CodecAnswer
            do throws(ImageFailure) {
                answer = .imported(png: try engine.importPicture(bytes))
            } catch {
                answer = .failed(id: 0, error)
            }
            try send(answer, over: socket)
        }
    }

    private func answer(about image: CodecImage, id: Int, by engine: Engine) -> CodecAnswer {
        do throws(ImageFailure) {
            let protected = try engine.protect(image)
            if let refusal = protected.refusal(atMost: maxAnswerBytes) { throw refusal }
            return .protected(id: id, protected)
        } catch {
            return .failed(id: id, error)
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

extension ProtectedImage {
    /// Why a parent cannot take it that takes so many bytes of a picture; it would end a codec that
    /// sends more.
    func refusal(atMost limit: UInt64) -> ImageFailure? {
        guard UInt64(byteCount) > limit else { return nil }
        return ImageFailure(
            code: "image_too_large",
            detail: """
                What was made of the picture is \(byteCount) bytes long; \(limit) are allowed, and more with more pixels (--max-pixels; \
                for a service also PALIMPSEST_MAX_PIXELS).
                """
        )
    }
}
