import Glibc

/// The signals that mean nothing to the service and would end it all the same.
///
/// Programs send them by habit: a rotation of logs sends SIGHUP or SIGUSR1, a terminal that closes SIGHUP, a limit of file sizes SIGXFSZ.
/// The ones that ask for an end, SIGTERM, SIGINT and SIGQUIT, are not among them, nor those of faults of the program.
enum IgnoredSignals {
    static let numbers: [Int32] = [
        SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT,
        SIGXFSZ,
    ]

    /// Ignores them from now on, in the whole process; codec processes begin with the defaults again.
    static func ignore() {
        for number in numbers { signal(number, SIG_IGN) }
    }
}
