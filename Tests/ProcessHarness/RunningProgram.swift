import CLinux
import Foundation
import Glibc
package import POSIX

/// How a program ended, and what it wrote.
package struct ProgramEnd: Sendable {
    /// The exit status, 0 if a signal ended it.
    package let status: Int32
    /// The signal that ended it, or 0.
    package let signal: Int32
    package let output: [UInt8]
    package let complaints: [UInt8]

    package var isSuccess: Bool { status == 0 && signal == 0 }
    package var outputText: String { String(decoding: output, as: UTF8.self) }
    package var complaintText: String { String(decoding: complaints, as: UTF8.self) }
}

/// A program that a test has started, with pipes to its three standard streams.
///
/// It inherits no other descriptor, so that it cannot hold open the pipes whose end other tests
/// await. Foundation's `Process` is not used because it crashes if other threads open files
/// meanwhile, and because its signal handler breaks off their system calls.
package struct RunningProgram: ~Copyable {
    package let process: Int32
    private let input: FileDescriptor
    private let output: FileDescriptor
    private let complaints: FileDescriptor
    private var isAwaited = false

    /// Runs a program to its end.
    ///
    /// - Parameters:
    ///   - path: The program's file.
    ///   - arguments: Its arguments, without its name.
    ///   - input: What it can read from its standard input.
    ///   - environment: Variables in addition to those of the tests.
    /// - Returns: How it ended, and what it wrote.
    /// - Throws: ``POSIX/SystemError`` if it could not be run.
    package static func run(
        _ path: String,
        _ arguments: [String],
        input: [UInt8] = [],
        environment: [String: String] = [:]
    ) throws(SystemError) -> ProgramEnd {
        try RunningProgram(path, arguments, environment: environment).end(input)
    }

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - path: The program's file.
    ///   - arguments: Its arguments, without its name.
    ///   - environment: Variables in addition to those of the tests.
    /// - Throws: ``POSIX/SystemError`` if it could not be started.
    package init(
        _ path: String,
        _ arguments: [String],
        environment: [String: String] = [:]
    ) throws(SystemError) {
        // A socket: writing to a pipe that the program has closed would raise SIGPIPE.
        let inputEnds = try Ends("socketpair", plm_stream_pair)
        let outputEnds = try Ends("pipe") { pipe($0) == 0 ? 0 : errno }
        let complaintEnds = try Ends("pipe") { pipe($0) == 0 ? 0 : errno }
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let words = ([path] + arguments).map { strdup($0) }
        let pairs = variables.map { strdup("\($0.key)=\($0.value)") }
        defer { for copy in words + pairs { free(copy) } }
        var process: Int32 = 0
        let descriptors = [
            inputEnds.second.number, outputEnds.second.number, complaintEnds.second.number,
        ]
        try SystemError.check(
            "posix_spawn",
            plm_spawn(path, words + [nil], pairs + [nil], descriptors, 3, &process)
        )
        self.process = process
        input = inputEnds.first
        output = outputEnds.first
        complaints = complaintEnds.first
    }

    deinit {
        guard !isAwaited else { return }
        kill(process, SIGKILL)
        var (status, signal): (Int32, Int32) = (0, 0)
        _ = plm_wait(process, &status, &signal)
    }

    /// Waits for a byte of its output.
    ///
    /// - Returns: The byte, or `nil` at the end of the output.
    /// - Throws: ``POSIX/SystemError`` if reading fails.
    package func nextByte() throws(SystemError) -> UInt8? {
        try output.readNext(atMost: 1).first
    }

    /// Writes its input, reads what it writes until it has closed both streams, and waits for it.
    ///
    /// - Parameter bytes: The input; the program need not read it.
    /// - Returns: How it ended, and what it wrote since.
    /// - Throws: ``POSIX/SystemError`` if a system call fails.
    package consuming func end(_ bytes: [UInt8] = []) throws(SystemError) -> ProgramEnd {
        let written = try exchange(bytes)
        var (status, signal): (Int32, Int32) = (0, 0)
        try SystemError.check("waitpid", plm_wait(process, &status, &signal))
        isAwaited = true
        return ProgramEnd(
            status: status,
            signal: signal,
            output: written.output,
            complaints: written.complaints
        )
    }

    /// Whichever stream is ready is served, so that neither side waits for the other.
    private func exchange(
        _ bytes: [UInt8]
    ) throws(SystemError) -> (output: [UInt8], complaints: [UInt8]) {
        var unsent = bytes[...]
        var written: (output: [UInt8], complaints: [UInt8]) = ([], [])
        var open = (output: true, complaints: true)
        while open.output || open.complaints {
            if unsent.isEmpty { shutdown(input.number, Int32(SHUT_WR)) }
            // `poll` passes over negative descriptors.
            let numbers = [
                unsent.isEmpty ? -1 : input.number, open.output ? output.number : -1,
                open.complaints ? complaints.number : -1,
            ]
            var events = zip(numbers, [POLLOUT, POLLIN, POLLIN]).map { number, event in
                pollfd(fd: number, events: Int16(event), revents: 0)
            }
            if poll(&events, nfds_t(events.count), -1) < 0 {
                let code = errno
                guard code == EINTR else { throw SystemError(call: "poll", code: code) }
                continue
            }
            if events[0].revents != 0 {
                let sent = unsent.withUnsafeBytes {
                    plm_send(input.number, $0.baseAddress, $0.count, false)
                }
                // A program that has closed its input gets no more of it.
                unsent = sent < 0 && sent != -Int(EAGAIN) ? [] : unsent.dropFirst(max(sent, 0))
            }
            if events[1].revents != 0 {
                let next = try output.readNext(atMost: 65_536)
                written.output += next
                open.output = !next.isEmpty
            }
            if events[2].revents != 0 {
                let next = try complaints.readNext(atMost: 65_536)
                written.complaints += next
                open.complaints = !next.isEmpty
            }
        }
        return written
    }

    private struct Ends: ~Copyable {
        let first: FileDescriptor
        let second: FileDescriptor

        init(
            _ call: String,
            _ make: (UnsafeMutablePointer<Int32>) -> Int32
        ) throws(SystemError) {
            var numbers: [Int32] = [-1, -1]
            try SystemError.check(call, make(&numbers))
            for number in numbers { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
            first = FileDescriptor(owning: numbers[0])
            second = FileDescriptor(owning: numbers[1])
        }
    }
}
