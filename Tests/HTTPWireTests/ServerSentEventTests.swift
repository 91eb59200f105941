import HTTPWire
import Testing

@Suite("Server-sent events") struct ServerSentEventTests {
    /// A listener to a stream, following the steps of WHATWG HTML, section 9.2.6.
    private struct Listener {
        struct Message: Equatable {
            let type: String
            let data: String
            let lastEventID: String
        }

        var messages: [Message] = []
        var retry: Int?
        private var lastEventID = ""

        init(_ bytes: [UInt8]) {
            var (type, data) = ("", "")
            for line in Self.lines(bytes) {
                guard !line.isEmpty else {
                    if !data.isEmpty {
                        messages.append(
                            Message(
                                type: type.isEmpty ? "message" : type,
                                data: String(data.dropLast()),
                                lastEventID: lastEventID
                            )
                        )
                    }
                    (type, data) = ("", "")
                    continue
                }
                let parts = line.split(
                    separator: ":",
                    maxSplits: 1,
                    omittingEmptySubsequences: false
                )
                var value = parts.count > 1 ? String(parts[1]) : ""
                if value.hasPrefix(" ") { value.removeFirst() }
                switch parts[0] {
                case "event": type = value
                case "data": data += value + "\n"
                case "id": lastEventID = value
                case "retry": retry = Int(value)
                default: continue
                }
            }
        }

        private static func lines(_ bytes: [UInt8]) -> [String] {
            var lines: [[UInt8]] = [[]]
            var index = 0
            while index < bytes.count {
                if bytes[index] == 13 || bytes[index] == 10 {
                    if bytes[index] == 13, index + 1 < bytes.count, bytes[index + 1] == 10 {
                        index += 1
                    }
                    lines.append([])
                } else {
                    lines[lines.count - 1].append(bytes[index])
                }
                index += 1
            }
            return lines.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test("The bytes are those of the standard's own example")
    func bytes() {
        // From section 9.2.6, except that the name is always sent and the id precedes the data.
        let event = ServerSentEvent(name: "add", data: "YHOO\n+2\n10", id: "1")
        #expect(
            String(decoding: event.encoded, as: UTF8.self)
                == "id: 1\nevent: add\ndata: YHOO\ndata: +2\ndata: 10\n\n"
        )
    }

    @Test(
        "A listener gets what was sent, its lines ended by line feeds",
        arguments: [
            ("{}", "{}"), ("", ""), ("a\nb", "a\nb"), ("a\rb", "a\nb"), ("a\r\nb", "a\nb"),
            ("a\n\rb", "a\n\nb"),
            ("\n", "\n"),
            (" a: b", " a: b"), (": no comment", ": no comment"),
            ("é\u{2028}日本\0", "é\u{2028}日本\0"),
            ("a\r\n\r\nid: 7", "a\n\nid: 7"),
        ]
    )
    func roundTrip(sent: String, heard: String) {
        let stream = ServerSentEvent(name: "job", data: sent, id: "5.end").encoded
        let last = ServerSentEvent(name: "last", data: "x").encoded
        let listener = Listener(
            ServerSentEvent.comment("hello") + stream + ServerSentEvent.comment("") + last
        )
        // Section 9.2.6: a message with an empty data buffer is dropped, while one empty data line
        // leaves a line feed in the buffer.
        #expect(
            listener.messages == [
                Listener.Message(type: "job", data: heard, lastEventID: "5.end"),
                Listener.Message(type: "last", data: "x", lastEventID: "5.end"),
            ]
        )
    }

    @Test("The time to come back is told in milliseconds")
    func retry() {
        #expect(Listener(ServerSentEvent.retry(after: .milliseconds(2500))).retry == 2500)
        #expect(Listener(ServerSentEvent.retry(after: .seconds(90))).retry == 90_000)
        #expect(Listener(ServerSentEvent.comment("x")).messages.isEmpty)
    }
}
