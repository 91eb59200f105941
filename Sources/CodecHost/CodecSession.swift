import CLinux
import CodecProtocol
import Cryptography
import Glibc
import JobModel
import POSIX
import Sandbox

/// One running child, as seen by the thread that started it.
///
/// All methods block and belong to that thread, which must outlive the child: the kernel kills the
/// child when the thread that started it ends.
struct CodecSession: ~Copyable {
    /// Why a child can no longer be used.
    struct End: Error, Equatable {
        /// A clause for people.
        var reason: String
        /// Whether the owner requested the end, so that no picture is to blame.
        var wasAskedFor = false
        /// Whether the child reported that it cannot use the weights or filter its system calls, as
        /// every other child would.
        var isRefusal = false
    }

    let pid: Int32
    private let configuration: CodecConfiguration
    private let socket: FileDescriptor
    /// Readable when the owner wants something.
    private let waker: Int32
    /// Whether the owner wants the child to end now.
    private let isStopping: @Sendable () -> Bool
    private var reader: FrameReader
    /// The models that the child has loaded; the first is the default.
    private var models: [LoadedModel] = []

    // MARK: - Starting

    /// Starts a child.
    ///
    /// - Throws: ``SystemError``.
    init(
        _ configuration: CodecConfiguration,
        weights: [WeightsDescriptor],
        waker: Int32,
        isStopping: @escaping @Sendable () -> Bool
    ) throws(SystemError) {
        var pair: [Int32] = [-1, -1]
        try SystemError.check("socketpair", plm_stream_pair(&pair))
        let ours = FileDescriptor(owning: pair[0])
        let theirs = FileDescriptor(owning: pair[1])
        var arguments = ["palimpsest"] + configuration.arguments + ["--parent", String(getpid())]
        if let bytes = configuration.addressSpaceBytes { arguments += ["--memory", String(bytes)] }
        if let level = configuration.compressionLevel {
            arguments += ["--compression-level", String(level)]
        }
        arguments += ["--max-pixels", String(configuration.maxPixels)]
        for file in weights { arguments += ["--model", file.name.rawValue] }
        if configuration.systemCallFilter != .required {
            arguments += ["--system-call-filter", configuration.systemCallFilter.rawValue]
        }
        pid = try Self.spawn(
            configuration.executable,
            arguments: arguments,
            environment: configuration.environment,
            descriptors: [theirs.number, -1, STDERR_FILENO] + weights.map(\.number)
        )
        socket = ours
        reader = FrameReader(
            limits: configuration.scaledLimits.ofGreeting(models: configuration.models.names.count)
        )
        self.configuration = configuration
        self.waker = waker
        self.isStopping = isStopping
    }

    private static func spawn(
        _ path: String,
        arguments: [String],
        environment: [String],
        descriptors: [Int32]
    ) throws(SystemError) -> Int32 {
        var pid: Int32 = 0
        let copies = (
            arguments: arguments.map { strdup($0) }, environment: environment.map { strdup($0) }
        )
        defer { for copy in copies.arguments + copies.environment { free(copy) } }
        let code = plm_spawn(
            path,
            copies.arguments + [nil],
            copies.environment + [nil],
            descriptors,
            Int32(descriptors.count),
            &pid
        )
        try SystemError.check("posix_spawn", code)
        return pid
    }

    /// Waits until the child has loaded the weights.
    ///
    /// - Returns: The loaded models.
    /// - Throws: ``End``, with the child's own message if it reported why it cannot work.
    mutating func awaitReady() throws(End) -> [LoadedModel] {
        let answer = try receive(within: TimeLimit(configuration.startLimit, cpu: nil, pid: pid))
        switch answer {
        case .ready(let models, _):
            guard models.map(\.name) == configuration.models.names else {
                throw End(reason: "it loaded other models than it was given")
            }
            self.models = models
            reader.limits = configuration.scaledLimits
            return models
        case .unready(let failure):
            throw End(
                reason: "\(failure.code): \(failure.detail)",
                isRefusal: failure.code.hasPrefix("weights_")
                    || failure.code == CodecAnswer.unfiltered
            )
        case .protected, .imported, .failed:
            throw End(reason: "it answered before it was ready")
        }
    }

    // MARK: - Working

    /// Returns whether the child can take pictures: it has neither ended nor sent anything unasked.
    borrowing func isQuiet() -> Bool {
        var events = [pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)]
        return poll(&events, 1, 0) == 0
    }

    /// Blocks until the owner wants something or the child does anything, which it should not.
    borrowing func waitWhileIdle() {
        var events = [
            pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0),
            pollfd(fd: waker, events: Int16(POLLIN), revents: 0),
        ]
        // After a spurious wake-up, by a signal or lack of memory, the caller checks and waits
        // again.
        _ = poll(&events, nfds_t(events.count), -1)
    }

    /// Sends pictures to the child and receives its answers.
    ///
    /// - Returns: One outcome per picture, and why the child can no longer be used, if so.
    mutating func protect(
        _ images: [CodecImage],
        threads: Int
    ) -> (outcomes: [CodecOutcome], end: End?) {
        var outcomes: [CodecOutcome] = []
        do throws(End) {
            let begin = ContinuousClock.now
            try send(.protect(images, threads: threads))
            for (index, image) in images.enumerated() {
                outcomes.append(try outcome(of: image, at: index, since: begin))
            }
            return (outcomes, nil)
        } catch {
            if outcomes.count < images.count {
                outcomes.append(error.wasAskedFor ? .released : .crashed(reason: error.reason))
            }
            while outcomes.count < images.count { outcomes.append(.released) }
            return (outcomes, error)
        }
    }

    private mutating func outcome(
        of image: CodecImage,
        at index: Int,
        since begin: ContinuousClock.Instant
    ) throws(End) -> CodecOutcome {
        let answer = try receive(
            within: TimeLimit(
                configuration.scaledWallLimit,
                cpu: configuration.scaledCPULimit,
                pid: pid
            )
        )
        switch answer {
        case .protected(index, let protected):
            let name = image.settings.model
            guard let model = models.first(where: { name == nil || $0.name == name }) else {
                throw End(reason: "its answer is false: it has no such model")
            }
            let check = CodecAnswerCheck(image: image, model: model)
            let (contradiction, outputSHA256) = check.contradiction(
                in: protected.report,
                file: protected.file
            )
            if let contradiction { throw End(reason: "its answer is false: \(contradiction)") }
            guard Set(protected.attachments.keys) == image.attachments else {
                throw End(
                    reason: "its answer is false: it has other attachments than were asked for"
                )
            }
            // Durations longer than the time since the request are false, but the picture may still
            // be good.
            let passed = begin.duration(to: .now) / .seconds(1)
            let credible = ProtectedImage(
                file: protected.file,
                report: protected.report,
                attachments: protected.attachments,
                durations: protected.durations.flatMap { $0.isPlausible(within: passed) ? $0 : nil }
            )
            return .protected(credible, sha256: outputSHA256)
        case .failed(index, let failure):
            return .failed(failure)
        case .protected, .failed:
            throw End(reason: "it answered about another image than the next")
        case .imported:
            throw End(reason: "it sent an unexpected answer")
        case .ready, .unready:
            throw End(reason: "it said again whether it is ready")
        }
    }

    /// Converts a picture to the form that a class keeps.
    ///
    /// - Returns: The outcome, and why the child can no longer be used, if so.
    mutating func importPicture(_ bytes: [UInt8]) -> (outcome: ImportOutcome, end: End?) {
        do throws(End) {
            try send(.importPicture(bytes))
            let answer = try receive(
                within: TimeLimit(
                    configuration.scaledWallLimit,
                    cpu: configuration.scaledCPULimit,
                    pid: pid
                )
            )
            switch answer {
            case .imported(let png):
                if let contradiction = ImportedPictureCheck.contradiction(in: png) {
                    throw End(reason: "its answer is false: \(contradiction)")
                }
                return (.made(HashedBytes(png)), nil)
            case .failed(id: 0, let failure):
                return (.failed(failure), nil)
            case .protected, .failed:
                throw End(reason: "it sent an unexpected answer")
            case .ready, .unready:
                throw End(reason: "it said again whether it is ready")
            }
        } catch {
            return (error.wasAskedFor ? .released : .crashed(reason: error.reason), error)
        }
    }

    // MARK: - Ending

    /// Ends the child, which has nothing to lose, and waits until it is gone.
    ///
    /// - Parameter grace: How long it may take to exit after the socket is closed, before it is
    ///   killed.
    /// - Returns: How it ended, as a clause.
    consuming func end(grace: Duration) -> String {
        shutdown(socket.number, Int32(SHUT_RDWR))
        let hasEnded = grace > .zero && Self.waitForEnd(of: pid, atMost: grace)
        if !hasEnded { kill(pid, SIGKILL) }
        var (status, signal): (Int32, Int32) = (0, 0)
        guard plm_wait(pid, &status, &signal) == 0 else { return "it is gone" }
        return signal == 0 ? "it exited with status \(status)" : "it was ended by signal \(signal)"
    }

    /// Waits for a process to end without reaping it, so that its pid is not reused.
    private static func waitForEnd(of pid: Int32, atMost grace: Duration) -> Bool {
        let descriptor = plm_watch_process(pid)
        guard descriptor >= 0 else { return false }
        let watched = FileDescriptor(owning: descriptor)
        var events = [pollfd(fd: watched.number, events: Int16(POLLIN), revents: 0)]
        return poll(&events, 1, TimeLimit.milliseconds(grace)) > 0
    }

    // MARK: - Bytes

    private static let smallBytes = 64 << 10

    private mutating func send(_ request: CodecRequest) throws(End) {
        let header: [UInt8]
        let body: [[UInt8]]
        do throws(CodecFault) {
            (header, body) = try request.encoded()
        } catch {
            preconditionFailure("a request that was checked could not be written: \(error)")
        }
        let bodyCount = body.reduce(0) { $0 + $1.count }
        let prefix = CodecFrame.prefix(
            headerCount: UInt32(header.count),
            bodyCount: UInt64(bodyCount)
        )
        let limit = TimeLimit(
            configuration.scaledWallLimit,
            cpu: configuration.scaledCPULimit,
            pid: pid
        )
        // Small parts go together, because copying them costs less than a call for each.
        var pending = prefix + header
        for part in body {
            if pending.count + part.count > Self.smallBytes {
                try send(pending, within: limit)
                pending = []
            }
            if part.count > Self.smallBytes {
                try send(part, within: limit)
            } else {
                pending += part
            }
        }
        try send(pending, within: limit)
    }

    private borrowing func send(_ bytes: [UInt8], within limit: TimeLimit) throws(End) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                plm_send(
                    socket.number,
                    buffer.baseAddress?.advanced(by: sent),
                    buffer.count - sent,
                    false
                )
            }
            if count >= 0 {
                sent += count
            } else if count == -Int(EAGAIN) {
                try wait(for: Int16(POLLOUT), within: limit)
            } else {
                throw End(reason: "it ended before it took the image")
            }
        }
    }

    private mutating func receive(within limit: TimeLimit) throws(End) -> CodecAnswer {
        while true {
            do throws(CodecFault) {
                if let frame = try reader.next() { return try CodecAnswer(frame) }
            } catch {
                throw End(reason: "it broke the protocol: \(error)")
            }
            let count = reader.receive(from: socket, mayBlock: false)
            if count == -Int(EAGAIN) {
                try wait(for: Int16(POLLIN), within: limit)
            } else if count <= 0 {
                throw End(reason: "it ended before it answered")
            }
        }
    }

    /// Waits for the socket, regularly checking the clock, the child's CPU time and the owner.
    private borrowing func wait(for event: Int16, within limit: TimeLimit) throws(End) {
        while true {
            if isStopping() { throw End(reason: "it was stopped", wasAskedFor: true) }
            if let fault = limit.exceeded() { throw End(reason: fault) }
            var events = [
                pollfd(fd: socket.number, events: event, revents: 0),
                pollfd(fd: waker, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&events, nfds_t(events.count), limit.pollMilliseconds)
            if count > 0, events[0].revents != 0 { return }
            if count > 0, events[1].revents != 0 { plm_clear_waker(waker) }
        }
    }
}
