/// What only one method reports on an image: finite numbers by name.
///
/// Names follow the rule of ``MethodSetting/name``.
public typealias MethodReport = [String: Double]

extension MethodReport {
    /// Whether there are at most 16 entries, with well-formed names and finite numbers.
    public var isWellFormed: Bool {
        count <= MethodSetting.maxCount
            && allSatisfy { MethodSetting.isWellFormed($0.key) && $0.value.isFinite }
    }
}
