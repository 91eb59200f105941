public import Imaging

/// The methods of a program, looked up by the format of a weights file.
public struct MethodRegistry: Sendable {
    private let methods: [String: any ProtectionMethod.Type]

    /// Creates a registry.
    ///
    /// - Precondition: No two methods have the same format.
    public init(_ methods: [any ProtectionMethod.Type]) {
        self.methods = Dictionary(uniqueKeysWithValues: methods.map { ($0.weightsFormat, $0) })
    }

    /// Loads the method that a weights file belongs to.
    ///
    /// - Parameters:
    ///   - weights: A whole safetensors file, treated as hostile.
    ///   - limits: The bounds on an imported picture, checked before it is decoded.
    /// - Returns: The method, ready to propose changes.
    /// - Throws: ``WeightsError``, with `weights_unsupported` if no method has the file's format.
    public func method(
        of weights: [UInt8],
        limits: ImageLimits
    ) throws(WeightsError) -> any ProtectionMethod {
        let file = try SafetensorsFile(weights)
        guard let method = file.metadata["format"].flatMap({ methods[$0] }) else {
            let known = methods.keys.sorted().joined(separator: " or ")
            throw WeightsError(.unsupported, "the metadata's format is not \(known)")
        }
        return try method.init(weights: file, limits: limits)
    }
}
