import CLinux
import Glibc
public import POSIX

/// The restrictions that a codec process places on itself before it sees a picture.
///
/// They leave a picture that exploits a decoder with nothing to gain. The process cannot open
/// descriptors or gain privileges, its memory is bounded, and it ends with its parent. Any system
/// call other than the few that decoding needs kills it.
public enum CodecSandbox {
    /// At the start there are up to 16 weights files, and libraries may open a file or two.
    private static let filesAtStart: UInt64 = 32

    /// Gives up everything that loading the weights does not need, beginning with the user if it is
    /// root.
    ///
    /// - Parameters:
    ///   - parent: The process that must still be the parent.
    ///   - memoryBytes: The limit of the address space; `nil` for none.
    /// - Throws: ``SystemError``, with `ESRCH` if the parent has already ended.
    public static func enter(parent: Int32, memoryBytes: UInt64?) throws(SystemError) {
        try restrict(parent: parent, memoryBytes: memoryBytes)
        try SystemError.check("setrlimit", plm_limit_open_files(filesAtStart))
    }

    /// Applies a codec process's restrictions to a process that decodes by itself, after it has
    /// read all its input.
    ///
    /// - Parameters:
    ///   - parent: The process that must still be the parent and with which this one ends; `nil` if
    ///     this process stands alone.
    ///   - memoryBytes: The limit of the address space.
    ///   - filter: Whether to filter system calls.
    /// - Throws: ``SystemError``, with ``SystemCallFilter/call`` if the kernel has no filter.
    public static func sealThisProcess(
        parent: Int32? = nil,
        memoryBytes: UInt64,
        filter: SystemCallFilter
    ) throws(SystemError) {
        try restrict(parent: parent, memoryBytes: memoryBytes)
        try seal(filter: filter)
    }

    private static func restrict(parent: Int32?, memoryBytes: UInt64?) throws(SystemError) {
        try giveUpRights()
        // Only after the change of user, because that clears the parent-death signal.
        if let parent { try SystemError.check("prctl", plm_die_with_parent(parent)) }
        try SystemError.check("prctl", plm_set_no_new_privileges())
        try SystemError.check("prctl", plm_set_undumpable())
        try SystemError.check("setrlimit", plm_limit_core(0))
        guard !plm_is_sanitized() else { return }
        // Swift's handler would start a program that prints a backtrace.
        plm_forget_fault_handlers()
        if let memoryBytes {
            try SystemError.check("setrlimit", plm_limit_address_space(memoryBytes))
        }
    }

    /// Switches to an unprivileged user if the process is root, and always drops all capabilities.
    private static func giveUpRights() throws(SystemError) {
        plm_bound_capabilities()
        if CodecUser.standing == .changes {
            try SystemError.check("setresuid", plm_become(CodecUser.nobody, CodecUser.nobody))
        }
        try SystemError.check("capset", plm_drop_capabilities())
    }

    /// Gives up opening files and, with the filter, every system call that decoding does not need.
    ///
    /// Call this once the weights are loaded. The limit of open files bounds new descriptor
    /// numbers, so open descriptors stay usable.
    ///
    /// - Parameter filter: Whether to filter system calls. Sanitizers need too many calls for any
    ///   filter, so they are never filtered.
    /// - Throws: ``SystemError``, with ``SystemCallFilter/call`` if the kernel has no filter.
    public static func seal(filter: SystemCallFilter) throws(SystemError) {
        try SystemError.check("setrlimit", plm_limit_open_files(0))
        if filter == .required, !plm_is_sanitized() {
            try SystemError.check(SystemCallFilter.call, plm_filter_system_calls())
        }
    }
}

/// Whether a decoding process is restricted to the system calls that decoding needs.
public enum SystemCallFilter: String, Sendable, CaseIterable {
    /// Calls are filtered; a kernel without a filter is an error.
    case required
    /// Calls are not filtered, for kernels and containers without seccomp; the other restrictions
    /// remain.
    case off

    /// The system call that installs the filter, as ``SystemError`` names it.
    public static let call = "seccomp"

    /// Advice for a kernel without a filter, as a clause.
    public static let advice = """
        the kernel does not filter system calls; use one with seccomp, or --system-call-filter off \
        to go without
        """
}
