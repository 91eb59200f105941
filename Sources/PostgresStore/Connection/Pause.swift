import Glibc

/// A wait on a thread that may block.
enum Pause {
    /// Waits for a random time of at most so many seconds.
    static func random(upTo seconds: Double) {
        usleep(UInt32(Double.random(in: 0...max(seconds, 0)) * 1_000_000))
    }
}
