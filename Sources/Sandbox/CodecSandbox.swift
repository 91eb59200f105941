import CLinux
import Glibc
public import POSIX

/// What a codec process takes away from itself before it sees a picture.
///
/// A picture that breaks a decoder then finds nothing to take: no descriptor can be opened any more, no privilege gained, memory is
/// bounded, the process ends with its parent, and any system call but the few that decoding needs ends it at once.
public enum CodecSandbox {
    /// At the start there are up to 16 weights files, and libraries may open a file or two.
    private static let filesAtStart: UInt64 = 32

    /// Gives up what is not needed to load the weights: its user, if that is root, first.
    ///
    /// - Parameters:
    ///   - parent: The process that must be the parent still.
    ///   - memoryBytes: The limit of address space; `nil` for none.
    /// - Throws: ``SystemError``; with `ESRCH` the parent has died already.
    public static func enter(parent: Int32, memoryBytes: UInt64?) throws(SystemError) {
        try restrict(parent: parent, memoryBytes: memoryBytes)
        try SystemError.check("setrlimit", plm_limit_open_files(filesAtStart))
    }

    /// Does to a process that decodes by itself, once all is read, what is done to a codec process.
    ///
    /// - Parameters:
    ///   - parent: The process that must be the parent still, and without which this one ends; `nil` if it is on its own.
    ///   - memoryBytes: The limit of address space.
    ///   - filter: Whether system calls are filtered.
    /// - Throws: ``SystemError``; with ``SystemCallFilter/call`` there is no filter of system calls.
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
        // After the user has changed, with which the kernel forgets it.
        if let parent { try SystemError.check("prctl", plm_die_with_parent(parent)) }
        try SystemError.check("prctl", plm_set_no_new_privileges())
        try SystemError.check("prctl", plm_set_undumpable())
        try SystemError.check("setrlimit", plm_limit_core(0))
        guard !plm_is_sanitized() else { return }
        // Swift's own would start a program that prints the stack.
        plm_forget_fault_handlers()
        if let memoryBytes { try SystemError.check("setrlimit", plm_limit_address_space(memoryBytes)) }
    }

    /// Becomes an ordinary user where it is root, and keeps no capability in any case.
    private static func giveUpRights() throws(SystemError) {
        plm_bound_capabilities()
        if CodecUser.standing == .changes {
            try SystemError.check("setresuid", plm_become(CodecUser.nobody, CodecUser.nobody))
        }
        try SystemError.check("capset", plm_drop_capabilities())
    }

    /// Gives up opening anything, once the weights are loaded, and with the filter everything else that decoding does not need.
    ///
    /// The limit counts numbers of descriptors, so those that are open stay usable.
    ///
    /// - Parameter filter: Whether system calls are filtered; sanitizers need too many for any filter.
    /// - Throws: ``SystemError``; with ``SystemCallFilter/call`` there is no filter of system calls.
    public static func seal(filter: SystemCallFilter) throws(SystemError) {
        try SystemError.check("setrlimit", plm_limit_open_files(0))
        if filter == .required, !plm_is_sanitized() {
            try SystemError.check(SystemCallFilter.call, plm_filter_system_calls())
        }
    }
}

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
