/// Values in numbered places that are used again once they are free.
struct Pool<Value> {
    private var values: [Value] = []
    private var free: [Int] = []

    /// How many places are taken.
    var count: Int { values.count - free.count }

    /// Takes a place for a value and returns its number.
    mutating func add(_ value: Value) -> Int {
        guard let place = free.popLast() else {
            values.append(value)
            return values.count - 1
        }
        values[place] = value
        return place
    }

    /// Frees a place.
    mutating func remove(_ place: Int) {
        free.append(place)
    }

    /// The value in a place that is taken.
    subscript(place: Int) -> Value {
        get { values[place] }
        _modify { yield &values[place] }
    }
}
