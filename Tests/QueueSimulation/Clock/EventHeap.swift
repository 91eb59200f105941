/// The events to come, the earliest first; those of one moment in the order in which they were
/// added.
///
/// That order is part of a run's result: without it, equal seeds could give other tables.
struct EventHeap<Event> {
    private struct Entry: Comparable {
        let time: Microseconds
        let order: Int64
        let event: Event

        static func < (one: Entry, other: Entry) -> Bool {
            one.time != other.time ? one.time < other.time : one.order < other.order
        }

        static func == (one: Entry, other: Entry) -> Bool { one.order == other.order }
    }

    private var entries = Heap<Entry>()
    private var added: Int64 = 0

    /// Adds an event.
    mutating func add(_ event: Event, at time: Microseconds) {
        entries.add(Entry(time: time, order: added, event: event))
        added += 1
    }

    /// Removes and returns the next event; `nil` if none is left.
    mutating func next() -> (time: Microseconds, event: Event)? {
        entries.removeFirst().map { ($0.time, $0.event) }
    }
}
