import POSIX
import SocketIO

/// What has become of one attempt to deliver a message.
public enum WebhookOutcome: Sendable, Equatable {
    /// The receiver answered with this status.
    case answered(Int)
    /// There was no answer, for a reason in a few words; they hold nothing that a receiver sent.
    case failed(String)

    /// Whether the receiver has taken the message.
    public var isAccepted: Bool {
        if case .answered(let status) = self { (200..<300).contains(status) } else { false }
    }

    /// Whether the receiver wants no messages any more (410).
    public var isGone: Bool { self == .answered(410) }
}

/// Sends messages to receivers.
///
/// Each has a connection of its own, and one deadline from the lookup of its host to the first line
/// of the answer. A redirect is not followed and nothing of the answer but its status is read, so
/// that nobody can read another service's answers through this one.
public struct WebhookSender: Sendable {
    /// How long an attempt may take.
    public static let deadline: Duration = .seconds(15)
    /// The most bytes before the end of the answer's first line.
    private static let maxLine = 4096

    private let policy: WebhookPolicy
    private let userAgent: String
    private let tls: TLSClientContext
    private let threads: BlockingExecutor

    /// Creates a sender.
    ///
    /// - Parameters:
    ///   - policy: Where messages may go.
    ///   - version: The version of the program, for receivers' logs.
    ///   - width: The most attempts at once.
    /// - Throws: `TLSError` if the machine's certificate authorities cannot be used.
    public init(policy: WebhookPolicy, version: String, width: Int) throws {
        self.policy = policy
        userAgent = "Palimpsest/\(version)"
        tls = try TLSClientContext()
        threads = BlockingExecutor(label: "palimpsest.webhooks", width: width)
    }

    /// Sends one message once.
    ///
    /// - Parameters:
    ///   - body: The message's JSON.
    ///   - id: Its identifier, the same in every attempt.
    ///   - timestamp: The time of the attempt, in seconds since 1970.
    ///   - url: Where to.
    ///   - secret: What signs it.
    /// - Returns: What has become of it.
    public func send(
        _ body: [UInt8],
        id: String,
        timestamp: Int64,
        to url: WebhookURL,
        signedBy secret: WebhookSecret
    ) async -> WebhookOutcome {
        // The operator may have changed the settings since the address was taken.
        if let refusal = policy.refusal(of: url) { return .failed(refusal) }
        let signature = secret.signature(of: body, id: id, timestamp: timestamp)
        let head = """
            POST \(url.target) HTTP/1.1\r
            Host: \(url.authority)\r
            User-Agent: \(userAgent)\r
            Content-Type: application/json\r
            Content-Length: \(body.count)\r
            Connection: close\r
            webhook-id: \(id)\r
            webhook-timestamp: \(timestamp)\r
            webhook-signature: \(signature)\r
            \r

            """
        let request = Array(head.utf8) + body
        return await threads.run { exchange(request, with: url) }
    }

    private func exchange(_ request: [UInt8], with url: WebhookURL) -> WebhookOutcome {
        let end = ContinuousClock.now + Self.deadline
        do throws(OutboundError) {
            // There is no second lookup between this check and the connection, so that a name
            // cannot lead elsewhere in between.
            let addresses = try HostLookup.addresses(of: url.host, port: url.port)
            guard addresses.allSatisfy({ policy.allows($0, for: url) }) else {
                return .failed("The host has an address that is not on the public internet.")
            }
            let stream = try OutboundStream.connect(
                toOneOf: addresses,
                host: url.isEncrypted ? url.host : nil,
                tls: tls,
                until: end
            )
            try stream.write(request)
            var line: [UInt8] = []
            while line.count < Self.maxLine, !line.contains(UInt8(ascii: "\n")) {
                guard let bytes = try stream.read() else { break }
                line += bytes
            }
            guard let status = Self.status(of: line) else {
                return .failed("The answer is not of HTTP/1.1.")
            }
            return .answered(status)
        } catch {
            return .failed(error.description)
        }
    }

    /// Reads the status of an answer's first line (RFC 9112 section 4).
    private static func status(of line: [UInt8]) -> Int? {
        let text = String(decoding: line.prefix { $0 != 0x0a && $0 != 0x0d }, as: UTF8.self)
        let parts = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0] == "HTTP/1.1" || parts[0] == "HTTP/1.0",
            parts[1].utf8.count == 3, let status = Int(parts[1]), (100...599).contains(status)
        else { return nil }
        return status
    }
}
