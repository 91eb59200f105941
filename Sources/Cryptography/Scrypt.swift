import COpenSSL

/// Keys from passphrases (RFC 7914), by OpenSSL, at a cost that makes guessing dear.
public enum Scrypt {
    /// What a derivation costs, and what it gives depends on.
    public struct Parameters: Sendable, Hashable {
        /// The base-two logarithm of the cost; memory and time double with each step.
        public let logCost: UInt8
        /// The block size.
        public let blockSize: UInt8
        /// The parallelization.
        public let parallelization: UInt8

        /// 64 MiB and some tenths of a second, one of the costs that OWASP names as the least for passwords.
        public static let standard = Parameters(unchecked: 16, 8, 2)

        /// Takes parameters of at most 256 MiB; `nil` for others.
        public init?(logCost: UInt8, blockSize: UInt8, parallelization: UInt8) {
            guard (1...20).contains(logCost), (1...32).contains(blockSize), (1...16).contains(parallelization),
                128 * Int(blockSize) << Int(logCost) <= Self.maxBytes
            else { return nil }
            self.init(unchecked: logCost, blockSize, parallelization)
        }

        private init(unchecked logCost: UInt8, _ blockSize: UInt8, _ parallelization: UInt8) {
            (self.logCost, self.blockSize, self.parallelization) = (logCost, blockSize, parallelization)
        }

        fileprivate static let maxBytes = 256 << 20
    }

    /// Derives bytes from a passphrase.
    ///
    /// - Parameters:
    ///   - passphrase: The passphrase, in UTF-8.
    ///   - salt: Random bytes, kept with what the key is for.
    ///   - parameters: The cost.
    ///   - count: How many bytes to make.
    /// - Returns: The bytes; `nil` when there is no memory for it.
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
                // The derivation itself needs a little more than its table.
                UInt64(Parameters.maxBytes) + (64 << 20),
                &key,
                count
            ) == 1
        }
        return isDone ? key : nil
    }
}
