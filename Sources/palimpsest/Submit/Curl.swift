import CLinux
import FoundationEssentials
import Glibc
import POSIX
import Synchronization
import Workers

/// Speaks HTTP by the `curl` program, one process a request.
///
/// The service, too, is a part of this binary, and its codec processes; a client library would be loaded into each of them, with what it
/// depends on, for the sake of one command. curl is where the command is used: proxies, certificates and TLS are set as people know it.
struct Curl: Sendable {
    /// What came back.
    struct Answer: Sendable {
        let status: Int
        /// The seconds of `Retry-After`.
        let retryAfter: Int?
        let body: UnnamedFile
    }

    /// Why nothing came back.
    struct Fault: Error, CustomStringConvertible {
        let code: Int32
        let description: String

        /// Whether it may go better another time: the server or the way to it is down.
        var isTransient: Bool { [5, 6, 7, 16, 18, 28, 35, 52, 55, 56, 92].contains(code) }
    }

    private let program: String
    private let folder: OutputFolder
    private let executor: BlockingExecutor

    /// Finds the program.
    ///
    /// - Parameters:
    ///   - folder: Holds what is sent and received, without names.
    ///   - parallel: The most requests at a time.
    /// - Throws: ``CommandFault`` if there is none.
    init(folder: OutputFolder, parallel: Int) throws(CommandFault) {
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
        let candidates: [String] = path.split(separator: ":").map { "\($0)/curl" }
        guard let found = candidates.first(where: { FileSystem.allows(.execute, to: $0) }) else {
            throw CommandFault(
                "The program curl is not installed; 'submit' speaks to the server by it."
            )
        }
        program = found
        self.folder = folder
        executor = BlockingExecutor(label: "palimpsest.curl", width: parallel)
    }

    /// Sends a request.
    ///
    /// - Parameter options: Those of curl's command line, without dashes. They go through a file that nobody else can read, so that no list of
    ///   processes shows the key.
    /// - Returns: The answer, whatever its status.
    /// - Throws: ``Fault``; `OutputFolder.Fault`.
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
        // A server that refuses an upload may close before it has come wholly: the answer counts.
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
        let code = plm_spawn(
            program,
            &pointers,
            &variables,
            descriptors,
            Int32(descriptors.count),
            &process
        )
        guard code == 0 else {
            let words = SystemError.words(for: code)
            throw Fault(code: -1, description: "curl does not start: \(words)")
        }
        RunningPrograms.add(process)
        defer { RunningPrograms.remove(process) }
        var (status, signal): (Int32, Int32) = (0, 0)
        let waited = plm_wait(process, &status, &signal)
        guard waited == 0, signal == 0 else {
            throw Fault(code: -1, description: "curl was ended by signal \(signal)")
        }
        return status
    }

    /// A value as curl's configuration files have it.
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

/// The programs that are running for this process, which are in groups of their own and would outlive it.
enum RunningPrograms {
    private static let processes = Mutex<Set<pid_t>>([])

    static func add(_ process: pid_t) { _ = processes.withLock { $0.insert(process) } }
    static func remove(_ process: pid_t) { _ = processes.withLock { $0.remove(process) } }

    /// Ends them all.
    static func end() {
        processes.withLock { processes in
            for process in processes { kill(process, SIGTERM) }
        }
    }
}
