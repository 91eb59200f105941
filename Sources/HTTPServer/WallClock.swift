import Glibc
import HTTPTypes
import HTTPWire
import Synchronization

/// The wall-clock time.
enum WallClock {
    private static let last = Mutex<(seconds: Int64, date: String)>((.min, ""))

    /// The time as the value of a `Date` field.
    static func date() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let seconds = Int64(time.tv_sec)
        return last.withLock { last in
            if last.seconds != seconds { last = (seconds, HTTPDate.encode(seconds)) }
            return last.date
        }
    }
}

extension HTTPField.Name {
    /// `X-Request-Id`.
    static let xRequestID: HTTPField.Name = {
        guard let name = HTTPField.Name("X-Request-Id") else {
            preconditionFailure("X-Request-Id is a token.")
        }
        return name
    }()
}
