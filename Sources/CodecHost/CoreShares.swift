import CodecProtocol

/// How many threads each codec process of a pool may use now.
///
/// A process with work has a core of its own. When a large picture is handed out, the cores that
/// nobody uses or is about to use are lent to it until it is answered. Work that comes later gets
/// its core at once, so that a loan never makes anyone wait; it only shares processors for a while.
struct CoreShares {
    /// Pictures of fewer pixels are worth no second thread.
    static let fewestPixels = 500_000

    /// The processors that the pool may use.
    private let cores: Int
    /// The threads of each process; 0 for one without work.
    private(set) var threads: [Int]

    /// Creates shares of which none is given out.
    ///
    /// - Parameters:
    ///   - cores: The processors that the pool may use, at least 1.
    ///   - count: The number of processes.
    init(cores: Int, count: Int) {
        self.cores = cores
        threads = Array(repeating: 0, count: count)
    }

    /// Notes that a process is about to get work.
    mutating func expectWork(of number: Int) {
        threads[number] = max(threads[number], 1)
    }

    /// Gives a process its threads for a request.
    ///
    /// - Parameters:
    ///   - number: The process.
    ///   - isLarge: Whether the request is worth several.
    /// - Returns: 1 to `CodecRequest.maxThreads`.
    mutating func grant(to number: Int, isLarge: Bool) -> Int {
        threads[number] = 1
        guard isLarge else { return 1 }
        let free = max(0, cores - threads.reduce(0, +))
        threads[number] = min(1 + free, CodecRequest.maxThreads)
        return threads[number]
    }

    /// Takes back what a process has.
    mutating func takeBack(from number: Int) {
        threads[number] = 0
    }
}
