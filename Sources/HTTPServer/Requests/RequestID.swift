import Synchronization

/// Makes the identifiers of requests.
///
/// They are no secret, but must not repeat, not even after a restart. So a bijection scrambles a
/// counter that begins anywhere (SplitMix64, Steele, Lea and Flood 2014); a random number each would
/// be a system call each.
enum RequestID {
    private static let counter = Atomic(UInt64.random(in: .min ... .max))

    /// Returns 16 hexadecimal digits that this process has not returned before.
    static func next() -> String {
        var bits = counter.wrappingAdd(1, ordering: .relaxed).newValue &* 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        bits ^= bits >> 31
        return String(unsafeUninitializedCapacity: 16) { digits in
            for place in 0..<16 {
                let digit = UInt8((bits >> (4 * place)) & 15)
                digits[place] =
                    digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            }
            return 16
        }
    }
}
