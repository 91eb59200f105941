import CVersion
import HTTPAPI

/// The version of this program, as built in.
enum Version {
    /// The version, in Semantic Versioning 2.0: the content of the file VERSION.
    static let number = String(
        decoding: UnsafeBufferPointer(
            start: palimpsest_version(),
            count: palimpsest_version_count()
        ).prefix { $0 != UInt8(ascii: "\n") },
        as: UTF8.self
    )

    /// The version and the commit.
    static let program = ProgramVersion(
        number: number,
        commit: String(cString: palimpsest_commit())
    )
}
