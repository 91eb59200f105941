import Synchronization

/// The remaining work of several tasks.
final class SharedQueue<Item: Sendable>: Sendable {
    private let items: Mutex<ArraySlice<Item>>

    init(_ items: [Item]) {
        self.items = Mutex(items[...])
    }

    /// Removes and returns the next item; `nil` if none is left.
    func next() -> Item? {
        items.withLock { $0.popFirst() }
    }

    /// Drops the remaining items.
    func stop() {
        items.withLock { $0 = [] }
    }
}
