/// How long the steps of protecting one image took, for the operator; in no report, since equal input gives equal reports.
///
/// JSON: seconds.
public struct StageDurations: Codable, Sendable, Hashable {
    /// From the file's bytes to samples.
    public var decode: Double
    /// From the samples to the bounded change, the semantic image included.
    public var network: Double
    /// From the changed samples to the PNG's bytes.
    public var encode: Double

    /// Puts durations together, in seconds.
    public init(decode: Double, network: Double, encode: Double) {
        self.decode = decode
        self.network = network
        self.encode = encode
    }

    /// Whether each is a time that can have passed within so many seconds; they come from a process that has handled hostile files.
    public func isPlausible(within seconds: Double) -> Bool {
        [decode, network, encode].allSatisfy { $0 >= 0 } && decode + network + encode <= seconds
    }
}
