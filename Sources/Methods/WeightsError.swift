/// Why a weights file was refused.
///
/// The code is stable; the detail is one sentence that says what was expected, and never repeats bytes of the file.
public struct WeightsError: Error, Sendable, Equatable {
    /// The closed set of reasons.
    public enum Code: String, Sendable, CaseIterable {
        /// The file ends before what its header announces.
        case truncated = "weights_truncated"
        /// The file is not well-formed safetensors.
        case malformed = "weights_malformed"
        /// Well-formed, but of a format, version or size that this engine does not run.
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

    /// Makes an error from its reason and one sentence.
    public init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}

extension WeightsError: CustomStringConvertible {
    /// The code and the sentence, as `code: detail`.
    public var description: String { "\(code.rawValue): \(detail)" }
}
