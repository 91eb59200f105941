/// Bytes on their way out, in order.
///
/// Small pieces are joined, so that a response head and a short body leave in one call; large ones
/// are kept as they are.
struct OutputQueue {
    private static let smallBytes = 4096

    private var pieces: [[UInt8]] = []
    /// How much of the first piece has left.
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

    /// Runs `body` over the next bytes to leave.
    func withFirst<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        pieces.first?.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[offset...])) }
    }

    /// Forgets bytes that have left; they must not be more than ``withFirst(_:)`` showed.
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
