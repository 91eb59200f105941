/// The queries that a database has not answered, in the order in which they came.
struct DatabaseQueue {
    /// The query at work.
    var current: Query?
    /// Whether queries are taken.
    var isUp = true
    /// Counts the outages, so that no answer comes from before one.
    var life = 0
    private var waiting: [Query] = []
    private var first = 0

    /// How many queries wait.
    var count: Int { waiting.count - first }

    /// Adds a query.
    mutating func add(_ query: Query) {
        waiting.append(query)
    }

    /// Removes and returns the query that came first; `nil` if none waits.
    mutating func next() -> Query? {
        guard first < waiting.count else { return nil }
        defer {
            first += 1
            if first > 1024, first * 2 > waiting.count {
                waiting.removeFirst(first)
                first = 0
            }
        }
        return waiting[first]
    }
}
