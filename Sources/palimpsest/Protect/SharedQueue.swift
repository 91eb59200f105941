import Synchronization

/// What is left to do, for several tasks.
final class SharedQueue<Item: Sendable>: Sendable {
    private let items: Mutex<ArraySlice<Item>>

    init(_ items: [Item]) {
        self.items = Mutex(items[...])
    }

    /// The next item; `nil` when there is none left.
    func next() -> Item? {
        items.withLock { $0.popFirst() }
    }

    /// Leaves the rest undone.
    func stop() {
        items.withLock { $0 = [] }
    }
}
