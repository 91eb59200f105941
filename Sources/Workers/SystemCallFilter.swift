/// Whether a process that decodes may make no other system calls than decoding needs.
public enum SystemCallFilter: String, Sendable, CaseIterable {
    /// It may not, and where the kernel has no filter it does not begin.
    case required
    /// It may: for kernels and containers without seccomp. The other restrictions stay.
    case off

    /// The system call that installs the filter, as a ``SystemError`` names it.
    public static let call = "seccomp"

    /// What to do about a kernel that has no filter, as a clause.
    public static let advice =
        "the kernel does not filter system calls; use one with seccomp, or --system-call-filter off to go without"
}
