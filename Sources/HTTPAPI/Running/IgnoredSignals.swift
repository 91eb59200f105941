import Glibc

/// The signals that have no meaning for the service but would end it by default.
///
/// Other programs send them out of habit: log rotation sends SIGHUP or SIGUSR1, a closing terminal
/// SIGHUP, a file size limit SIGXFSZ. SIGTERM, SIGINT and SIGQUIT, which request an end, are not
/// included, nor are the signals of program faults.
enum IgnoredSignals {
    static let numbers: [Int32] = [
        SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT,
        SIGXFSZ,
    ]

    /// Ignores the signals in the whole process; codec processes restore the defaults.
    static func ignore() {
        for number in numbers { signal(number, SIG_IGN) }
    }
}
