import CDeflate
import CPublicFiles

/// A file that everybody may fetch.
public struct PublicFile: Sendable {
    /// Its path in the folder `Public`, such as `page/main.js`.
    public let path: String
    /// Its bytes.
    public let bytes: [UInt8]

    /// Its bytes in gzip's format (RFC 1952), the same for the same file.
    ///
    /// - Returns: The bytes; `nil` where memory is short.
    public func gzipped() -> [UInt8]? {
        guard let compressor = libdeflate_alloc_compressor(9) else { return nil }
        defer { libdeflate_free_compressor(compressor) }
        let bound = libdeflate_gzip_compress_bound(compressor, bytes.count)
        let made = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            count = libdeflate_gzip_compress(
                compressor,
                bytes,
                bytes.count,
                buffer.baseAddress,
                bound
            )
        }
        return made.isEmpty ? nil : made
    }
}

/// The files that everybody may fetch, embedded in the binary.
public enum PublicFiles {
    /// The contract of the HTTP API.
    public static let openAPI = [UInt8](
        UnsafeBufferPointer(start: palimpsest_openapi(), count: palimpsest_openapi_count())
    )

    /// The files of the page.
    public static let page = UnsafeBufferPointer(
        start: palimpsest_page(),
        count: palimpsest_page_count()
    ).map { file in
        PublicFile(
            path: String(cString: file.path),
            bytes: [UInt8](UnsafeBufferPointer(start: file.bytes, count: file.count))
        )
    }
}
