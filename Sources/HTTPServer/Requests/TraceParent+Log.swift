import HTTPTypes
public import HTTPWire
public import Logging

extension HTTPField.Name {
    /// `traceparent`.
    static let traceParent: HTTPField.Name = {
        guard let name = HTTPField.Name("traceparent") else {
            preconditionFailure("traceparent is a token.")
        }
        return name
    }()
}

extension TraceParent {
    /// Adds the trace to a line of the log, so that the line can be found from the client's trace.
    public func describe(in metadata: inout Logger.Metadata) {
        metadata["trace.id"] = "\(traceID)"
        metadata["trace.parent_id"] = "\(parentID)"
    }
}
