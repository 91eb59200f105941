/// A collection that gives up its smallest element first.
struct Heap<Element: Comparable> {
    private var elements: [Element] = []

    /// The smallest element; `nil` if there is none.
    var first: Element? { elements.first }

    /// Adds an element.
    mutating func add(_ element: Element) {
        var place = elements.count
        elements.append(element)
        while place > 0 {
            let parent = (place - 1) / 4
            guard element < elements[parent] else { break }
            elements[place] = elements[parent]
            place = parent
        }
        elements[place] = element
    }

    /// Removes and returns the smallest element; `nil` if there is none.
    mutating func removeFirst() -> Element? {
        guard let first = elements.first, let last = elements.popLast() else { return nil }
        if !elements.isEmpty { sink(last) }
        return first
    }

    /// Places an element from the top, where a gap is.
    private mutating func sink(_ element: Element) {
        let count = elements.count
        var place = 0
        while true {
            let first = 4 * place + 1
            guard first < count else { break }
            var least = first
            var child = first + 1
            while child < min(first + 4, count) {
                if elements[child] < elements[least] { least = child }
                child += 1
            }
            guard elements[least] < element else { break }
            elements[place] = elements[least]
            place = least
        }
        elements[place] = element
    }
}
