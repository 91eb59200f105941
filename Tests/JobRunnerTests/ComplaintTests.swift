import CodecHost
import Logging
import Queue
import Synchronization
import Testing

@testable import JobRunner

@Suite("What workers complain about")
struct ComplaintTests {
    @Test("The error names what could not be used")
    func complaints() {
        let errors: [(any Error, Logger.Message)] = [
            (StoreError.busy, "a worker could not use the store"),
            (StoreError.disk("database or disk is full"), "a worker could not use the store"),
            (CodecsUnavailable(reason: "there are none"), "a worker has no codec process"),
            (Strange(), "a worker was stopped by an error"),
        ]
        for (error, message) in errors { #expect(WorkerLoop.complaint(about: error) == message) }
    }

    private struct Strange: Error {}

    @Test("The same fault of many workers is told once, another one at once")
    func once() {
        let lines = Mutex<[String]>([])
        let log = FaultLog(
            logger: Logger(label: "tests") { _ in
                Handler { line in lines.withLock { $0.append(line) } }
            }
        )
        for _ in 0..<5 { log.error("a worker could not use the store", StoreError.busy) }
        log.error("a worker could not use the store", StoreError.noImages)
        log.error("a worker has no codec process", CodecsUnavailable(reason: "they all fail"))
        #expect(
            lines.withLock { $0 } == [
                "a worker could not use the store: Another process holds the database.",
                "a worker could not use the store: A job must have at least one image.",
                "a worker has no codec process: \(CodecsUnavailable(reason: "they all fail"))",
            ]
        )
    }

    private struct Handler: LogHandler {
        let write: @Sendable (String) -> Void
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        init(_ write: @escaping @Sendable (String) -> Void) { self.write = write }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            write("\(event.message): \(event.metadata?["error"].map { "\($0)" } ?? "")")
        }
    }
}
