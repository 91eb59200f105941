/// Why a weights file was refused.
///
/// The code is stable. The detail is one sentence that states what was expected; it never repeats
/// bytes of the file.
public struct WeightsError: Error, Sendable, Equatable {
    /// The closed set of reasons.
    public enum Code: String, Sendable, CaseIterable {
        /// The file ends before the end that its header announces.
        case truncated = "weights_truncated"
        /// The file is not well-formed safetensors.
        case malformed = "weights_malformed"
        /// A valid file of a format, version or size that this engine does not run.
        case unsupported = "weights_unsupported"
        /// The tensors are not those that the metadata announces.
        case mismatched = "weights_mismatched"
        /// A weight is infinite or not a number.
        case notFinite = "weights_not_finite"
    }

    /// The stable reason.
    public let code: Code

    /// One sentence for people.
    public let detail: String

    /// Creates an error from its code and one sentence.
    public init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}

extension WeightsError: CustomStringConvertible {
    /// The code and the sentence, as `code: detail`.
    public var description: String { "\(code.rawValue): \(detail)" }
}
