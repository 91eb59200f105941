import HTTPWire
import Synchronization

/// Counts what happens.
final class Counter: Sendable {
    private let number = Mutex(0)
    var value: Int { number.withLock { $0 } }
    func count() { number.withLock { $0 += 1 } }
}

/// The pieces of a body, given out one by one.
final class Pieces: Sendable {
    private let rest: Mutex<ArraySlice<[UInt8]>>

    init(_ pieces: [[UInt8]]) { rest = Mutex(pieces[...]) }

    var isEmpty: Bool { rest.withLock(\.isEmpty) }

    func next() -> Result<[UInt8]?, HTTPFault> { .success(rest.withLock { $0.popFirst() }) }
}
