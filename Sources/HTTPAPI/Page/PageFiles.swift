import Cryptography
import HTTPTypes
import HTTPWire
import PublicFiles

/// The files of the page as they are sent, compressed once.
struct PageFiles: Sendable {
    /// One file in the form for one coding.
    struct Form: Sendable {
        let bytes: [UInt8]
        /// The entity tag; each form has its own (RFC 9110 section 8.8.3.3).
        let tag: EntityTag

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
            tag = API.tag(SHA256.hash(bytes))
        }
    }

    /// One file.
    struct File: Sendable {
        let type: String
        let plain: Form
        let gzip: Form?
    }

    /// The files by the path under which they are served.
    private let files: [String: File]

    /// Takes the files as they are embedded.
    init(_ files: [PublicFile] = PublicFiles.page) {
        self.files = Dictionary(
            uniqueKeysWithValues: files.map { file in
                let form = File(
                    type: Self.type(of: file.path),
                    plain: Form(file.bytes),
                    gzip: file.gzipped().map(Form.init)
                )
                return (Self.path(of: file.path), form)
            }
        )
    }

    /// Returns the path of a file: `index.html` is served at `/`, `docs/problems.html` at
    /// `/docs/problems`.
    private static func path(of file: String) -> String {
        guard file.hasSuffix(".html") else { return "/\(file)" }
        var parts = file.dropLast(".html".count).split(separator: "/")
        if parts.last == "index" { parts.removeLast() }
        return "/" + parts.joined(separator: "/")
    }

    /// The paths under which the files are served.
    var paths: [String] { files.keys.sorted() }

    /// Returns the file at a path, given as its segments.
    func file(at segments: [String]) -> File? { files["/" + segments.joined(separator: "/")] }

    /// Returns the media type of a file by its name.
    private static func type(of path: String) -> String {
        switch path.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        case "json": "application/json"
        default: preconditionFailure("the page has a file of an unknown kind")
        }
    }

    /// Whether an `Accept-Encoding` allows gzip (RFC 9110 section 12.5.3).
    ///
    /// A weight of zero forbids it; `*` is not understood, since every browser names gzip.
    static func allowsGzip(_ field: String?) -> Bool {
        (field ?? "").lowercased().split(separator: ",").contains { member in
            let parts = member.split(separator: ";").map { part in
                String(part.filter { $0 != " " && $0 != "\t" })
            }
            guard parts.first == "gzip" || parts.first == "x-gzip" else { return false }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }?.dropFirst(2)
            return weight.map { $0.contains { $0 != "0" && $0 != "." } } ?? true
        }
    }
}
