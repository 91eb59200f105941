import CLinux
import Glibc
import POSIX

/// The user that a process decodes as.
///
/// If the service or a command runs as root, the decoding process becomes `nobody`. An attacker who
/// takes over a decoder then has none of root's files, rights or processes. The change is omitted
/// where the parent could no longer kill such a process.
public enum CodecUser {
    /// Whether the user changes.
    public enum Standing: Sendable, Equatable {
        /// The user is not root and stays.
        case ordinary
        /// The user is root and becomes ``CodecUser/nobody``.
        case changes
        /// The user is root and stays root, though without capabilities; the reason is a clause.
        case staysRoot(reason: String)
    }

    /// The unprivileged user and group that Debian calls `nobody` and `nogroup`.
    ///
    /// They are numbers because looking up names needs files and libraries that a sandboxed process
    /// should not have to read.
    public static let nobody: UInt32 = 65_534

    /// Whether this process, or a child of it, will change its user before it decodes.
    public static var standing: Standing {
        standing(
            user: geteuid(),
            mayChange: plm_may_change_user(),
            userMap: text(of: "/proc/self/uid_map"),
            groupMap: text(of: "/proc/self/gid_map"),
            groupChanges: text(of: "/proc/self/setgroups")
        )
    }

    /// Decides from the kernel's answers; an unreadable file, `nil`, does not prevent the change.
    static func standing(
        user: UInt32,
        mayChange: Bool,
        userMap: String?,
        groupMap: String?,
        groupChanges: String?
    ) -> Standing {
        guard user == 0 else { return .ordinary }
        guard mayChange else {
            return .staysRoot(
                reason: "one of the capabilities CAP_SETUID, CAP_SETGID and CAP_KILL is missing"
            )
        }
        guard userMap.map(isMapped) ?? true, groupMap.map(isMapped) ?? true,
            groupChanges.map({ !$0.hasPrefix("deny") }) ?? true
        else { return .staysRoot(reason: "this user namespace has no user and group \(nobody)") }
        return .changes
    }

    /// Whether a user namespace maps ``nobody``.
    ///
    /// Each line of the map has the first number inside, the first number outside and the count
    /// (user_namespaces(7)).
    private static func isMapped(_ map: String) -> Bool {
        map.split(separator: "\n").contains { line in
            let numbers = line.split(separator: " ").compactMap { UInt64($0) }
            guard numbers.count == 3 else { return false }
            return numbers[0] <= UInt64(nobody) && UInt64(nobody) - numbers[0] < numbers[2]
        }
    }

    private static func text(of path: String) -> String? {
        do throws(SystemError) {
            let file = try FileDescriptor(opening: path)
            return String(decoding: try file.readAll(limit: 1 << 20), as: UTF8.self)
        } catch {
            return nil
        }
    }
}
