import COpenSSL

/// An incremental SHA-256 hash (FIPS 180-4), computed by OpenSSL.
///
/// It is a value type: copies diverge as soon as one of them is fed.
public struct SHA256: Sendable {
    private var context: DigestContext

    /// Creates the hash of no bytes.
    public init() {
        context = DigestContext()
    }

    /// Feeds a region of memory.
    public mutating func update(_ buffer: UnsafeRawBufferPointer) {
        if !isKnownUniquelyReferenced(&context) {
            context = context.copy()
        }
        context.update(buffer)
    }

    /// Feeds an array without copying it.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Feeds the bytes of any sequence.
    public mutating func update(_ bytes: some Sequence<UInt8>) {
        if bytes.withContiguousStorageIfAvailable({ update(UnsafeRawBufferPointer($0)) }) == nil {
            update(Array(bytes))
        }
    }

    /// Returns the hash of everything fed so far; more may be fed afterwards.
    public func finalize() -> SHA256Digest {
        context.copy().finish()
    }

    /// Hashes one array.
    public static func hash(_ bytes: [UInt8]) -> SHA256Digest {
        var hash = SHA256()
        hash.update(bytes)
        return hash.context.finish()
    }
}

/// An OpenSSL digest context, freed with the last reference.
///
/// `@unchecked Sendable` is sound because only ``SHA256`` holds these objects, and it mutates or
/// finishes one only after proving that the reference is unique. A shared context is only ever
/// copied from, which OpenSSL does without writing to the source.
private final class DigestContext: @unchecked Sendable {
    private let pointer: OpaquePointer

    init() {
        pointer = Self.allocate()
        precondition(
            EVP_DigestInit_ex(pointer, EVP_sha256(), nil) == 1,
            "this OpenSSL has no SHA-256"
        )
    }

    private init(copyOf other: DigestContext) {
        pointer = Self.allocate()
        precondition(
            EVP_MD_CTX_copy_ex(pointer, other.pointer) == 1,
            "OpenSSL did not copy a digest context"
        )
    }

    deinit {
        EVP_MD_CTX_free(pointer)
    }

    func copy() -> DigestContext {
        DigestContext(copyOf: self)
    }

    func update(_ buffer: UnsafeRawBufferPointer) {
        guard let start = buffer.baseAddress, !buffer.isEmpty else { return }
        precondition(
            EVP_DigestUpdate(pointer, start, buffer.count) == 1,
            "OpenSSL did not take bytes to hash"
        )
    }

    /// Finishes the hash; the context is unusable afterwards.
    func finish() -> SHA256Digest {
        var bytes = [UInt8](repeating: 0, count: SHA256Digest.byteCount)
        precondition(
            EVP_DigestFinal_ex(pointer, &bytes, nil) == 1,
            "OpenSSL did not finish a digest"
        )
        guard let digest = SHA256Digest(bytes: bytes) else {
            preconditionFailure("a digest has 32 bytes")
        }
        return digest
    }

    private static func allocate() -> OpaquePointer {
        guard let pointer = EVP_MD_CTX_new() else {
            preconditionFailure("no memory for a digest context")
        }
        return pointer
    }
}
