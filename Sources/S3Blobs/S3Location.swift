/// Where blobs are in an object store: `s3://BUCKET/PREFIX?endpoint=URL&region=NAME&path-style=1`.
public struct S3Location: Sendable, Equatable, CustomStringConvertible {
    /// A URL that names no such place; the clause says why.
    public struct Fault: Error, Equatable, CustomStringConvertible {
        /// What is wrong and what to write instead.
        public let description: String

        init(_ description: String) {
            self.description = description
        }
    }

    /// The bucket.
    public let bucket: String
    /// What begins all keys: nothing, or a path that ends with a slash.
    public let prefix: String
    /// The region that requests are signed for.
    public let region: String

    /// `https` or `http`.
    let scheme: String
    /// The host of requests, with the port if it is not the scheme's.
    let host: String
    /// What begins the path of requests.
    let root: String

    /// Parses a location.
    ///
    /// Without an endpoint it is AWS's in the region. With one, buckets are the first part of the
    /// path, which all stores understand; `path-style=0` makes them a part of the host's name.
    ///
    /// - Throws: ``Fault``.
    public init(_ text: String) throws(Fault) {
        guard text.hasPrefix("s3://") else { throw Fault("it must begin with s3://") }
        let parts = text.dropFirst(5).split(
            separator: "?",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        let path = parts[0].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        bucket = String(path[0])
        guard Self.isBucket(bucket) else {
            throw Fault(
                "its bucket must have 3 to 63 small letters, digits, hyphens and full stops"
            )
        }
        let folder = path.count > 1 ? path[1] : ""
        let names = folder.split(separator: "/", omittingEmptySubsequences: true)
        guard names.allSatisfy({ $0 != "." && $0 != ".." }), folder.utf8.count <= 512,
            folder.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f })
        else { throw Fault("its prefix must be a path of at most 512 bytes without dots alone") }
        prefix = names.isEmpty ? "" : names.joined(separator: "/") + "/"
        let options = try Self.options(parts.count > 1 ? parts[1] : "")
        region = options["region"] ?? "us-east-1"
        guard !region.isEmpty, region.utf8.allSatisfy(\.isLetterOrDigitOrHyphen) else {
            throw Fault("its region must have letters, digits and hyphens, such as eu-central-1")
        }
        guard ["0", "1", nil].contains(options["path-style"]) else {
            throw Fault("its path-style must be 0 or 1")
        }
        let isPathStyle = options["path-style"].map { $0 == "1" } ?? (options["endpoint"] != nil)
        let endpoint = options["endpoint"] ?? "https://s3.\(region).amazonaws.com"
        let (scheme, authority) = try Self.endpoint(endpoint)
        self.scheme = scheme
        host = isPathStyle ? authority : "\(bucket).\(authority)"
        root = isPathStyle ? "/\(bucket)/" : "/"
    }

    /// The location without what a log has no need of.
    public var description: String { "s3://\(bucket)/\(prefix) at \(scheme)://\(host)" }

    private static func isBucket(_ name: String) -> Bool {
        3...63 ~= name.utf8.count
            && name.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            }
            && !name.hasPrefix(".") && !name.hasPrefix("-") && !name.contains("..")
    }

    private static func options(_ query: some StringProtocol) throws(Fault) -> [String: String] {
        var found: [String: String] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard ["endpoint", "region", "path-style"].contains(name) else {
                throw Fault("it has the option \(name); it may have endpoint, region, path-style")
            }
            guard found[name] == nil, parts.count == 2 else {
                throw Fault("its option \(name) must be there once, with a value")
            }
            found[name] = String(parts[1])
        }
        return found
    }

    private static func endpoint(
        _ text: String
    ) throws(Fault) -> (scheme: String, authority: String) {
        let fault = Fault(
            "its endpoint must be a URL of scheme, host and port, such as https://s3.example.org"
        )
        for scheme in ["https", "http"] where text.hasPrefix(scheme + "://") {
            var authority = text.dropFirst(scheme.count + 3)
            if authority.hasSuffix("/") { authority = authority.dropLast() }
            guard !authority.isEmpty, !authority.contains("@"), !authority.contains("/"),
                authority.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
            else { throw fault }
            return (scheme, authority.lowercased())
        }
        throw fault
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigitOrHyphen: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
