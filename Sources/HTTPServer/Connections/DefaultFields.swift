import HTTPTypes
import HTTPWire

/// The fields of every response that lacks them.
struct DefaultFields: Sendable {
    private let fields: HTTPFields
    private let lines: [UInt8]

    init(_ fields: HTTPFields) {
        self.fields = fields
        lines = ResponseEncoder.lines(fields)
    }

    /// Encodes those that a response lacks.
    func lines(besides present: HTTPFields) -> [UInt8] {
        // Nearly every response lacks them all.
        guard fields.contains(where: { present.contains($0.name) }) else { return lines }
        return ResponseEncoder.lines(
            HTTPFields(fields.filter { !present.contains($0.name) })
        )
    }
}
