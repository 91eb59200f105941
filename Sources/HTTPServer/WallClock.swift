import Glibc
import HTTPTypes

/// The wall-clock time.
enum WallClock {
    /// Whole seconds of Unix time.
    static func seconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec)
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
