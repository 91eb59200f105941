import CLinux
import FoundationEssentials
import Glibc
import POSIX
import Synchronization

/// An HTTP client that runs one `curl` process for each request.
///
/// The service and its codec processes are part of this binary. An HTTP client library and its
/// dependencies would be loaded into all of them, for the sake of one command. Users of the command
/// have curl, and configure proxies, certificates and TLS as they are used to.
struct Curl: Sendable {
    /// The response to a request.
    struct Answer: Sendable {
        let status: Int
        /// The value of `Retry-After` in seconds, if it is a number.
        let retryAfter: Int?
        let body: UnnamedFile
    }

    /// Why there is no response.
    struct Fault: Error, CustomStringConvertible {
        let code: Int32
        let description: String

        /// Whether a retry may succeed, because the server or the network was down (curl's exit
        /// codes).
        var isTransient: Bool { [5, 6, 7, 16, 18, 28, 35, 52, 55, 56, 92].contains(code) }
    }

    private let program: String
    private let folder: LockedFolder
    private let executor: BlockingExecutor

    /// Finds the `curl` program in `PATH`.
    ///
    /// - Parameters:
    ///   - folder: The folder whose disk holds the unnamed files of requests and responses.
    ///   - parallel: The maximum number of requests at a time.
    /// - Throws: ``CommandFault`` if curl is not installed.
    init(folder: LockedFolder, parallel: Int) throws(CommandFault) {
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
        let candidates: [String] = path.split(separator: ":").map { "\($0)/curl" }
        guard let found = candidates.first(where: { FileSystem.allows(.execute, to: $0) }) else {
            throw CommandFault(
                "The program curl is not installed; 'submit' needs it to reach the server."
            )
        }
        program = found
        self.folder = folder
        executor = BlockingExecutor(label: "palimpsest.curl", width: parallel)
    }

    /// Sends a request.
    ///
    /// - Parameter options: The options of curl's command line, without dashes. They are passed in
    ///   a private file, so that the process list does not reveal the key.
    /// - Returns: The response, whatever its status.
    /// - Throws: ``Fault`` if there is no response; `LockedFolder.Fault`.
    func send(_ options: [(name: String, value: String)]) async throws -> Answer {
        try await executor.run { try exchange(options) }
    }

    private func exchange(_ options: [(name: String, value: String)]) throws -> Answer {
        let lines = options.map { "\($0.name) = \(Self.quoted($0.value))\n" }
        let (configuration, body) = (try UnnamedFile(in: folder), try UnnamedFile(in: folder))
        let (words, complaints) = (try UnnamedFile(in: folder), try UnnamedFile(in: folder))
        try configuration.fill(lines.joined())
        let code = try run(
            [
                program, "--disable", "--silent", "--show-error", "--connect-timeout", "30",
                "--output", "/dev/fd/3",
                "--write-out", "%{http_code} %header{retry-after}", "--config", "-",
            ],
            [configuration, words, complaints, body].map(\.descriptor)
        )
        let told = String(decoding: try words.read(), as: UTF8.self).split(separator: " ")
        let status = told.first.flatMap { Int($0) } ?? 0
        // A server that refuses an upload may answer and close before it has read everything. The
        // answer counts.
        guard code == 0 || status >= 400 else {
            let text = String(decoding: try complaints.read(), as: UTF8.self)
            let sentence = text.split(separator: "\n").first.map {
                StandardError.printable(String($0))
            }
            throw Fault(code: code, description: sentence ?? "curl ended with status \(code)")
        }
        return Answer(
            status: status,
            retryAfter: told.dropFirst().first.flatMap { Int($0) },
            body: body
        )
    }

    private func run(_ arguments: [String], _ descriptors: [Int32]) throws -> Int32 {
        var pointers = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var variables =
            ProcessInfo.processInfo.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for variable in variables { free(variable) } }
        var process: pid_t = 0
        let code = RunningPrograms.start(&process) { process in
            plm_spawn(
                program,
                &pointers,
                &variables,
                descriptors,
                Int32(descriptors.count),
                &process
            )
        }
        guard code == 0 else {
            let words = SystemError.words(for: code)
            throw Fault(code: -1, description: "curl could not be started: \(words)")
        }
        defer { RunningPrograms.remove(process) }
        var (status, signal): (Int32, Int32) = (0, 0)
        let waited = plm_wait(process, &status, &signal)
        guard waited == 0 else {
            let words = SystemError.words(for: waited)
            throw Fault(code: -1, description: "curl cannot be waited for: \(words)")
        }
        guard signal == 0 else {
            throw Fault(code: -1, description: "curl was ended by signal \(signal)")
        }
        return status
    }

    /// Quotes a value for curl's configuration file.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\"", "\\": quoted += "\\\(character)"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case "\u{0B}": quoted += "\\v"
            default: quoted.unicodeScalars.append(character)
            }
        }
        return quoted + "\""
    }
}

/// The running child programs, which have their own process groups and would outlive this process.
enum RunningPrograms {
    private struct State {
        var processes: Set<pid_t> = []
        var isEnded = false
    }

    private static let state = Mutex(State())

    /// Starts a program, unless the programs were ended.
    ///
    /// The lock is held meanwhile, so that ``end()`` never misses a program that was just started.
    ///
    /// - Parameters:
    ///   - process: The program's process.
    ///   - spawn: Starts it and returns 0 or an error number.
    /// - Returns: What `spawn` returned, or `ECANCELED` after ``end()``.
    static func start(_ process: inout pid_t, _ spawn: (inout pid_t) -> Int32) -> Int32 {
        state.withLock { state in
            guard !state.isEnded else { return ECANCELED }
            let code = spawn(&process)
            if code == 0 { state.processes.insert(process) }
            return code
        }
    }

    static func remove(_ process: pid_t) { _ = state.withLock { $0.processes.remove(process) } }

    /// Sends SIGTERM to all of them, and lets no other start.
    static func end() {
        state.withLock { state in
            state.isEnded = true
            for process in state.processes { kill(process, SIGTERM) }
        }
    }
}
