/// The durations of the steps of protecting one image, in seconds, for the operator.
///
/// They are in no report, because equal input must give equal reports. JSON: seconds.
public struct StageDurations: Codable, Sendable, Hashable {
    /// From the file's bytes to samples.
    public var decode: Double
    /// From the samples to the bounded change, including the semantic image.
    public var network: Double
    /// From the changed samples to the PNG's bytes.
    public var encode: Double

    /// Creates the durations, in seconds.
    public init(decode: Double, network: Double, encode: Double) {
        self.decode = decode
        self.network = network
        self.encode = encode
    }

    /// Whether the durations are possible within a number of seconds.
    ///
    /// They come from a process that has handled hostile files.
    public func isPlausible(within seconds: Double) -> Bool {
        [decode, network, encode].allSatisfy { $0 >= 0 } && decode + network + encode <= seconds
    }
}
