/// A queue of bytes to send.
///
/// It joins small pieces, so that a response head and a short body leave in one call. Large pieces
/// are not copied.
struct OutputQueue {
    private static let smallBytes = 4096

    private var pieces: [[UInt8]] = []
    /// The memory of small pieces that have left, for the next ones.
    private var spare: [UInt8] = []
    /// How many bytes of the first piece have been sent.
    private var offset = 0

    var isEmpty: Bool { pieces.isEmpty }

    mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        if let last = pieces.indices.last,
            pieces[last].count <= Self.smallBytes || bytes.count <= Self.smallBytes
        {
            pieces[last] += bytes
        } else if pieces.isEmpty, bytes.count <= Self.smallBytes {
            if spare.capacity == 0 { spare.reserveCapacity(Self.smallBytes) }
            spare += bytes
            pieces.append(spare)
            spare = []
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
        guard let end = pieces.first?.count else { return }
        offset += count
        guard offset == end else { return }
        offset = 0
        var sent = pieces.removeFirst()
        guard sent.capacity <= 2 * Self.smallBytes else { return }
        sent.removeAll(keepingCapacity: true)
        spare = sent
    }

    mutating func removeAll() {
        pieces = []
        offset = 0
    }
}
