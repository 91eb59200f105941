import CLinux
import Glibc
import POSIX

/// As which user a process decodes.
///
/// Where the service or a command runs as root, what decodes becomes `nobody`: whoever takes a decoder over has then no file, no
/// right and no process of root's. It is not done where the parent could not end such a process any more.
public enum CodecUser {
    /// What becomes of the user.
    public enum Standing: Sendable, Equatable {
        /// It is an ordinary one, and stays.
        case ordinary
        /// It is root, and becomes ``CodecUser/nobody``.
        case changes
        /// It is root and stays so, though without capabilities; the reason is a clause.
        case staysRoot(reason: String)
    }

    /// The user and the group without rights, whom Debian calls `nobody` and `nogroup`.
    ///
    /// By number, since names need files and libraries that a process in a sandbox should not have to read.
    public static let nobody: UInt32 = 65_534

    /// What becomes of the user of this process, or of a child of it, when it begins to decode.
    public static var standing: Standing {
        standing(
            user: geteuid(),
            mayChange: plm_may_change_user(),
            userMap: text(of: "/proc/self/uid_map"),
            groupMap: text(of: "/proc/self/gid_map"),
            groupChanges: text(of: "/proc/self/setgroups")
        )
    }

    /// What follows from what the kernel says; a file that cannot be read, `nil`, says nothing against it.
    static func standing(
        user: UInt32,
        mayChange: Bool,
        userMap: String?,
        groupMap: String?,
        groupChanges: String?
    ) -> Standing {
        guard user == 0 else { return .ordinary }
        guard mayChange else {
            return .staysRoot(reason: "one of the capabilities CAP_SETUID, CAP_SETGID and CAP_KILL is missing")
        }
        guard userMap.map(isMapped) ?? true, groupMap.map(isMapped) ?? true,
            groupChanges.map({ !$0.hasPrefix("deny") }) ?? true
        else { return .staysRoot(reason: "this user namespace has no user and group \(nobody)") }
        return .changes
    }

    /// Whether a namespace has ``nobody``, by its map: lines with the first number inside, the first outside, and how many.
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
