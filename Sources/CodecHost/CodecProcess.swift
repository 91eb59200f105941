import CLinux
public import CodecProtocol
import Glibc
import Logging
import POSIX
import Synchronization

/// A codec process and the thread that supervises it.
///
/// The thread starts a child, hands it pictures, kills it if it misbehaves, and starts the next.
///
///     starting ──ready──> idle ──pictures──> working ──all answered──> idle
///        │                 │                    │
///        └──────ended──────┴────────ended───────┴──> waiting ──> starting
///
/// If a child ends while it works, the first picture without an answer counts as crashed. The wait
/// is 100 ms, doubled up to 10 s until a picture is answered. It is 10 s at once if the child
/// cannot use the weights or filter its system calls, and 0 if the child was killed because its
/// work was abandoned.
///
/// The thread lives until ``stop()``. Calls from tasks never block: they leave a request and are
/// resumed.
public final class CodecProcess: Sendable {
    private struct Mailbox {
        var job: CodecJob?
        /// Identifies the request that waits or is being worked on.
        var ticket: UInt64 = 0
        /// Whether nobody wants that request's answer any more.
        var isAbandoned = false
        var isStopping = false
        var hasStopped = false
        var stopWaiters: [CheckedContinuation<Void, Never>] = []
    }

    /// How one child ended.
    private struct ChildEnd {
        /// Why it ended, as a clause.
        var reason: String
        /// Whether it reported that it was ready.
        var wasReady = false
        /// Whether it answered about any picture.
        var hasAnswered = false
        /// Whether it reported that it cannot work, as every other child would.
        var isRefusal = false
        /// Whether it was killed because nobody wanted its work.
        var wasAbandoned = false
    }

    /// The process's index in its pool, from 0.
    public let number: Int
    private let configuration: CodecConfiguration
    private let weights: [WeightsDescriptor]
    private let logger: Logger
    private let waker: WakerDescriptor
    private let mailbox = Mutex(Mailbox())
    private let isAtWork = Atomic(false)
    private let stateChanged: @Sendable (CodecState) -> Void
    /// Says how many threads a request may use; takes whether it is worth several.
    private let grant: @Sendable (_ isLarge: Bool) -> Int

    /// Starts the thread, which starts the child.
    init(
        number: Int,
        configuration: CodecConfiguration,
        weights: [WeightsDescriptor],
        logger: Logger,
        grant: @escaping @Sendable (_ isLarge: Bool) -> Int,
        stateChanged: @escaping @Sendable (CodecState) -> Void
    ) throws(SystemError) {
        self.number = number
        self.configuration = configuration
        self.weights = weights
        self.logger = logger
        self.grant = grant
        self.stateChanged = stateChanged
        waker = try WakerDescriptor()
        try DedicatedThread.start(name: "codec-\(number)") { self.run() }
    }

    // MARK: - From tasks

    /// Hands pictures to the process and waits for their outcomes.
    ///
    /// Cancelling the task kills the process at once and starts another, because there is no other
    /// way to take work back.
    ///
    /// - Parameter images: 1 to ``CodecRequest/maxImages`` pictures that together fit into a
    ///   frame's body. Only one call may run at a time.
    /// - Returns: One outcome per picture, in order. All are ``CodecOutcome/released`` if there is
    ///   no process to take them. If the task is cancelled, those without an answer are.
    public func protect(_ images: [CodecImage]) async -> [CodecOutcome] {
        precondition(
            (1...CodecRequest.maxImages).contains(images.count),
            "a request has 1 to 64 images"
        )
        let ticket = newTicket()
        let threads = grant(images.count == 1 && images.allSatisfy(\.isLarge))
        return await withTaskCancellationHandler {
            await withCheckedContinuation { handOut(.protect(images, threads: threads, $0)) }
        } onCancel: {
            abandon(ticket)
        }
    }

    /// Converts a picture to the form that a class keeps.
    ///
    /// Cancelling the task does not stop the work; ``stop()`` does.
    ///
    /// - Parameter bytes: The file, which must fit into a frame's body. Only one call may run at a
    ///   time.
    /// - Returns: The outcome; ``ImportOutcome/released`` if there is no process to take it.
    public func importPicture(_ bytes: [UInt8]) async -> ImportOutcome {
        _ = newTicket()
        return await withCheckedContinuation { handOut(.importPicture(bytes, $0)) }
    }

    private func newTicket() -> UInt64 {
        mailbox.withLock { mailbox in
            mailbox.ticket += 1
            mailbox.isAbandoned = false
            return mailbox.ticket
        }
    }

    /// Abandons a request, unless another has followed it.
    private func abandon(_ ticket: UInt64) {
        let isPresent = mailbox.withLock { mailbox in
            guard mailbox.ticket == ticket else { return false }
            mailbox.isAbandoned = true
            return true
        }
        if isPresent { waker.wake() }
    }

    private func handOut(_ job: CodecJob) {
        let isRefused = mailbox.withLock { mailbox in
            precondition(mailbox.job == nil, "a codec process has one request at a time")
            guard !mailbox.isStopping, !mailbox.isAbandoned else { return true }
            mailbox.job = job
            return false
        }
        if isRefused {
            job.release()
        } else {
            waker.wake()
        }
    }

    /// Ends the process and its thread, at once even if it is working.
    ///
    /// Pictures without an answer are released.
    public func stop() async {
        await withCheckedContinuation { continuation in
            let hasStopped = mailbox.withLock { mailbox in
                mailbox.isStopping = true
                if !mailbox.hasStopped { mailbox.stopWaiters.append(continuation) }
                return mailbox.hasStopped
            }
            if hasStopped {
                continuation.resume()
            } else {
                waker.wake()
            }
        }
    }

    /// Requests the end without waiting for it.
    func requestStop() {
        mailbox.withLock { $0.isStopping = true }
        waker.wake()
    }

    // MARK: - On the thread

    /// Whether a child has pictures that it has not answered yet.
    var isWorking: Bool { isAtWork.load(ordering: .relaxed) }

    private var isStopping: Bool { mailbox.withLock(\.isStopping) }

    /// Whether to break off the child's current work.
    ///
    /// If an abandoned request has been answered meanwhile, there is no reason to kill the child.
    private var isUnwanted: Bool {
        mailbox.withLock { $0.isStopping || $0.isAbandoned && isWorking }
    }

    private func run() {
        var delay = configuration.firstDelay
        var hasBeenReady = false
        while !isStopping {
            stateChanged(.starting)
            let end = runOneChild()
            if isStopping { break }
            hasBeenReady = hasBeenReady || end.wasReady
            // It was not the child's fault, so start the next one at once.
            if end.wasAbandoned { continue }
            if end.hasAnswered { delay = configuration.firstDelay }
            if end.isRefusal { delay = configuration.maxDelay }
            // The pool's owner reports a refusal before any process was ready, once.
            if hasBeenReady || !end.isRefusal {
                logger.warning(
                    "a codec process ended and is started again",
                    metadata: [
                        "codec.number": .stringConvertible(number), "codec.reason": "\(end.reason)",
                        "codec.delay": "\(delay)",
                    ]
                )
            }
            stateChanged(
                end.isRefusal ? .refusing(reason: end.reason) : .failing(reason: end.reason)
            )
            // Release a request that arrived while there was no child, so that another process can
            // take it.
            takeJob()?.release()
            pause(for: delay)
            delay = min(delay * 2, configuration.maxDelay)
        }
        takeJob()?.release()
        stateChanged(.stopped)
        let waiters = mailbox.withLock { mailbox in
            mailbox.hasStopped = true
            defer { mailbox.stopWaiters = [] }
            return mailbox.stopWaiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Runs one child from start to end.
    private func runOneChild() -> ChildEnd {
        var session: CodecSession
        do throws(SystemError) {
            session = try CodecSession(configuration, weights: weights, waker: waker.number) {
                self.isUnwanted
            }
        } catch {
            return ChildEnd(reason: "it could not be started: \(error)")
        }
        do throws(CodecSession.End) {
            let models = try session.awaitReady()
            stateChanged(.ready(models: models, pid: session.pid))
        } catch {
            // Give a child that has said why it cannot work a moment to exit, which yields its exit
            // status.
            let how = session.end(grace: error.wasAskedFor ? .zero : .seconds(5))
            return ChildEnd(reason: "\(error.reason) (\(how))", isRefusal: error.isRefusal)
        }
        var result = ChildEnd(reason: "it ended", wasReady: true)
        while true {
            waker.clear()
            guard !isStopping else {
                result.reason = session.end(grace: .seconds(2))
                return result
            }
            // Check before taking a job, so that no picture is blamed for a process that was
            // already dead.
            guard session.isQuiet() else {
                result.reason = "it ended or spoke while it was idle (\(session.end(grace: .zero)))"
                return result
            }
            guard let job = takeJob() else {
                session.waitWhileIdle()
                continue
            }
            isAtWork.store(true, ordering: .relaxed)
            let done = job.run(in: &session)
            isAtWork.store(false, ordering: .relaxed)
            result.hasAnswered = result.hasAnswered || done.hasAnswered
            guard let end = done.end else {
                done.resume(nil)
                continue
            }
            let how = session.end(grace: .zero)
            // Report that it is not ready before the waiting task can hand out the next picture.
            stateChanged(.starting)
            done.resume(how)
            result.reason = "\(end.reason) (\(how))"
            result.wasAbandoned = end.wasAskedFor
            return result
        }
    }

    /// Takes the waiting request, if its answer is still wanted.
    private func takeJob() -> CodecJob? {
        let (job, isAbandoned) = mailbox.withLock { mailbox in
            defer { mailbox.job = nil }
            return (mailbox.job, mailbox.isAbandoned)
        }
        guard isAbandoned else { return job }
        job?.release()
        return nil
    }

    /// Sleeps, releasing requests, until the time is over or the process is stopped.
    private func pause(for delay: Duration) {
        let end = ContinuousClock.now + delay
        while !isStopping, ContinuousClock.now < end {
            takeJob()?.release()
            var events = [pollfd(fd: waker.number, events: Int16(POLLIN), revents: 0)]
            _ = poll(&events, 1, TimeLimit.milliseconds(ContinuousClock.now.duration(to: end)))
            waker.clear()
        }
    }
}
