public import HTTPTypes
public import HTTPWire

/// A problem document (RFC 9457).
///
///     {"type":"/docs/problems#job_unknown","title":"Not Found","status":404,"code":"job_unknown",
///      "detail":"There is no such job."}
public struct Problem: Error, Sendable, Equatable {
    /// The fault of one file, in a request refused because of its files.
    public struct FileFault: Sendable, Equatable {
        /// The file's name or path as sent, made safe to display; `nil` if it came without a name.
        public var source: String?
        /// A stable snake_case name for programs.
        public var code: String
        /// One sentence about the file.
        public var detail: String

        /// Creates a fault.
        public init(source: String?, code: String, detail: String) {
            self.source = source
            self.code = code
            self.detail = detail
        }
    }

    /// The status of the response.
    public var status: HTTPResponse.Status
    /// A stable snake_case name for programs.
    public var code: String
    /// A short text shared by all problems of this kind.
    public var title: String
    /// One sentence about this problem.
    public var detail: String
    /// Additional response fields, such as `Retry-After`.
    public var fields: HTTPFields
    /// The faults of single files, truncated to the first ones; empty for a fault of the request
    /// itself.
    public var faults: [FileFault] = []
    /// The total number of faulty files.
    public var faultsTotal = 0

    /// The page that tells what each code means, with an anchor for each.
    ///
    /// The address is relative, with its full path (RFC 9457 section 3.1.1): a service does not
    /// know under which names it is reached.
    public static let catalogue = "/docs/problems"

    /// Creates a problem; the title defaults to the status's reason phrase.
    public init(
        status: HTTPResponse.Status,
        code: String,
        title: String? = nil,
        detail: String,
        fields: HTTPFields = [:]
    ) {
        self.status = status
        self.code = code
        self.title = title ?? status.reasonPhrase
        self.detail = detail
        self.fields = fields
    }

    /// Creates the problem that reports a wire fault to the client.
    public init(_ fault: HTTPFault) {
        self.init(
            status: fault.status,
            code: fault.code,
            detail: fault.detail,
            fields: fault.closesConnection ? [.connection: "close"] : [:]
        )
    }

    /// The response that carries the document.
    public var response: ServerResponse {
        var fields = fields
        fields[.contentType] = "application/problem+json"
        // A cache could otherwise store 404, 405, 410, 414 and 501 (RFC 9110 section 15.1).
        if fields[.cacheControl] == nil { fields[.cacheControl] = "no-store" }
        var members = [
            "\"type\":\(Self.quoted("\(Self.catalogue)#\(code)"))",
            "\"title\":\(Self.quoted(title))",
            "\"status\":\(status.code)",
            "\"code\":\(Self.quoted(code))", "\"detail\":\(Self.quoted(detail))",
        ]
        if !faults.isEmpty {
            members.append("\"faults\":[\(faults.map(Self.object).joined(separator: ","))]")
            members.append("\"faults_total\":\(faultsTotal)")
        }
        let document = "{\(members.joined(separator: ","))}\n"
        return ServerResponse(status: status, fields: fields, body: .bytes(Array(document.utf8)))
    }

    private static func object(_ fault: FileFault) -> String {
        let source = fault.source.map { "\"source\":\(quoted($0))," } ?? ""
        return "{\(source)\"code\":\(quoted(fault.code)),\"detail\":\(quoted(fault.detail))}"
    }

    /// Encodes a JSON string (RFC 8259 section 7).
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\u{0}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
