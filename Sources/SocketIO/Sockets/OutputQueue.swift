/// A queue of bytes to send.
///
/// It joins small pieces, so that a response head and a short body leave in one call. Large pieces
/// are not copied.
struct OutputQueue {
    private static let smallBytes = 4096

    private var pieces: [[UInt8]] = []
    /// How many bytes of the first piece have been sent.
    private var offset = 0

    var isEmpty: Bool { pieces.isEmpty }

    mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        if let last = pieces.indices.last,
            pieces[last].count <= Self.smallBytes || bytes.count <= Self.smallBytes
        {
            pieces[last] += bytes
        } else {
            pieces.append(bytes)
        }
    }

    /// Runs `body` on the next bytes to send; returns `nil` if there are none.
    func withFirst<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        pieces.first?.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[offset...])) }
    }

    /// Removes sent bytes, at most as many as ``withFirst(_:)`` passed to its body.
    mutating func consume(_ count: Int) {
        guard let first = pieces.first else { return }
        offset += count
        if offset == first.count {
            pieces.removeFirst()
            offset = 0
        }
    }

    mutating func removeAll() {
        pieces = []
        offset = 0
    }
}
