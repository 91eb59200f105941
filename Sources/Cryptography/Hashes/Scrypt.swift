import COpenSSL

/// Keys from passphrases (RFC 7914), by OpenSSL, at a cost that makes guessing expensive.
public enum Scrypt {
    /// The cost parameters of a derivation, which also determine its result.
    public struct Parameters: Sendable, Hashable {
        /// The base-2 logarithm of the cost; memory and time double with each step.
        public let logCost: UInt8
        /// The block size.
        public let blockSize: UInt8
        /// The parallelization.
        public let parallelization: UInt8

        /// 64 MiB and some tenths of a second, one of OWASP's minimum settings for passwords.
        public static let standard = Parameters(unchecked: 16, 8, 2)

        /// Creates parameters of at most 256 MiB; `nil` for others.
        public init?(logCost: UInt8, blockSize: UInt8, parallelization: UInt8) {
            guard (1...20).contains(logCost), (1...32).contains(blockSize),
                (1...16).contains(parallelization),
                128 * Int(blockSize) << Int(logCost) <= Self.maxBytes
            else { return nil }
            self.init(unchecked: logCost, blockSize, parallelization)
        }

        private init(unchecked logCost: UInt8, _ blockSize: UInt8, _ parallelization: UInt8) {
            (self.logCost, self.blockSize, self.parallelization) = (
                logCost, blockSize, parallelization
            )
        }

        fileprivate static let maxBytes = 256 << 20
    }

    /// Derives bytes from a passphrase.
    ///
    /// - Parameters:
    ///   - passphrase: The passphrase in UTF-8.
    ///   - salt: Random bytes, stored with whatever the key protects.
    ///   - parameters: The cost.
    ///   - count: The number of bytes to derive.
    /// - Returns: The bytes; `nil` if there is not enough memory.
    public static func derive(
        _ passphrase: [UInt8],
        salt: [UInt8],
        _ parameters: Parameters = .standard,
        count: Int = 32
    ) -> [UInt8]? {
        var key = [UInt8](repeating: 0, count: count)
        let isDone = passphrase.withUnsafeBytes { bytes in
            EVP_PBE_scrypt(
                bytes.bindMemory(to: CChar.self).baseAddress,
                bytes.count,
                salt,
                salt.count,
                1 << UInt64(parameters.logCost),
                UInt64(parameters.blockSize),
                UInt64(parameters.parallelization),
                // The derivation needs a little more than its table.
                UInt64(Parameters.maxBytes) + (64 << 20),
                &key,
                count
            ) == 1
        }
        return isDone ? key : nil
    }
}
