import CCurl
import Glibc
import Synchronization

/// Sends requests by libcurl, which keeps connections from one to the next.
///
/// Calls block. libcurl is loaded at the first transport, so that a process without one, as a codec
/// is, loads none of its libraries.
final class CurlTransport: Sendable {
    /// An easy handle with its connections.
    ///
    /// `@unchecked Sendable` is sound because a handle is in the pool or in one call, never in two:
    /// who takes it out of the pool is the only one to have it.
    private struct Handle: @unchecked Sendable {
        let pointer: UnsafeMutableRawPointer
    }

    /// Milliseconds that connecting may take.
    private static let connectTime = 5_000
    /// Seconds that an exchange may stand still.
    private static let stallTime = 20
    /// The idle handles that are kept.
    private static let maxIdle = 16

    private let idle = Mutex<[Handle]>([])

    /// Loads libcurl.
    ///
    /// - Throws: ``HTTPFault`` if this machine has none.
    init() throws(HTTPFault) {
        if let reason = plm_curl_load() {
            throw HTTPFault(
                description: "libcurl cannot be loaded (\(String(cString: reason))); install it "
                    + "(Debian: libcurl4)"
            )
        }
    }

    deinit {
        for handle in idle.withLock({ $0 }) { plm_curl_close(handle.pointer) }
    }

    /// Sends a request and waits for the end of the answer.
    ///
    /// - Throws: ``HTTPFault`` if there is none, or too long a one.
    func send(_ request: HTTPRequest) throws(HTTPFault) -> HTTPAnswer {
        guard let handle = idle.withLock({ $0.popLast() }) ?? plm_curl_open().map(Handle.init)
        else { throw HTTPFault(description: "there is no memory for a connection") }
        defer {
            let surplus = idle.withLock { idle -> Handle? in
                guard idle.count < Self.maxIdle else { return handle }
                idle.append(handle)
                return nil
            }
            if let surplus { plm_curl_close(surplus.pointer) }
        }
        var answer = Answer(limit: request.maxAnswer)
        var status = 0
        var reason = [CChar](repeating: 0, count: 256)
        let code = Self.withExchange(request) { exchange in
            withUnsafeMutablePointer(to: &answer) { answer in
                exchange.context = UnsafeMutableRawPointer(answer)
                return plm_curl_perform(handle.pointer, &exchange, &status, &reason)
            }
        }
        guard code == 0 else {
            let words = reason.withUnsafeBufferPointer { buffer in
                let bytes = buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
                return String(decoding: bytes, as: UTF8.self)
            }
            throw HTTPFault(description: answer.isTooLong ? "its answer is too long" : words)
        }
        return HTTPAnswer(status: status, headers: answer.headers, body: answer.body)
    }

    /// What has come of an answer.
    private struct Answer {
        /// The most bytes of an error's document.
        static let maxDocument = 1 << 16

        /// The most bytes of the body.
        var limit: Int
        var headers: [String: String] = [:]
        var body: [UInt8] = []
        var isTooLong = false

        mutating func takeHeader(_ bytes: UnsafeBufferPointer<UInt8>) {
            let line = String(decoding: bytes, as: UTF8.self)
            // An interim answer's header goes before the one that counts.
            if line.hasPrefix("HTTP/") {
                headers = [:]
                // What is refused is told in a document, however short the object is.
                let isSuccess = line.split(separator: " ").dropFirst().first?.hasPrefix("2")
                if isSuccess == false { limit = max(limit, Self.maxDocument) }
            }
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return }
            let value = parts[1].drop { $0 == " " || $0 == "\t" }
            headers[parts[0].lowercased()] = String(value.prefix { !$0.isNewline })
        }

        mutating func takeBody(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
            guard body.count + bytes.count <= limit else {
                isTooLong = true
                return 0
            }
            body += bytes
            return bytes.count
        }
    }

    private static func withExchange(
        _ request: HTTPRequest,
        _ perform: (inout plm_curl_exchange) -> Int32
    ) -> Int32 {
        let lines = request.headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        // libcurl would send these two by itself; a store need not understand them.
        let pointers = (lines + ["Expect:", "Accept:"]).map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        let constants = pointers.map { UnsafePointer($0) }
        return constants.withUnsafeBufferPointer { headers in
            request.method.withCString { method in
                request.url.withCString { url in
                    var exchange = plm_curl_exchange()
                    exchange.method = method
                    exchange.url = url
                    exchange.headers = headers.baseAddress
                    exchange.header_count = headers.count
                    exchange.connect_ms = connectTime
                    exchange.stall_s = stallTime
                    exchange.take_header = { bytes, count, context in
                        guard let bytes, let context else { return 0 }
                        let raw = UnsafeRawBufferPointer(start: bytes, count: count)
                        context.assumingMemoryBound(to: Answer.self).pointee
                            .takeHeader(raw.assumingMemoryBound(to: UInt8.self))
                        return count
                    }
                    exchange.take_body = { bytes, count, context in
                        guard let context else { return 0 }
                        let buffer = UnsafeBufferPointer(start: bytes, count: count)
                        return context.assumingMemoryBound(to: Answer.self).pointee.takeBody(buffer)
                    }
                    exchange.body_file = -1
                    exchange.body_size = -1
                    switch request.body {
                    case .none: return perform(&exchange)
                    case .bytes(let bytes):
                        return bytes.withUnsafeBufferPointer { buffer in
                            exchange.body = buffer.baseAddress
                            exchange.body_size = Int64(buffer.count)
                            return perform(&exchange)
                        }
                    case .file(let descriptor, let size):
                        exchange.body_file = descriptor
                        exchange.body_size = Int64(size)
                        return perform(&exchange)
                    }
                }
            }
        }
    }
}
