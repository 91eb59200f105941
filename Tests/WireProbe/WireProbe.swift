import FoundationEssentials
import HTTPTypes
import HTTPWire
import WireHarness

/// Prints how the server's connection machine handles a peer's bytes, for comparison with other
/// parsers.
///
/// The input file holds cases, each a four-byte little-endian length and that many bytes, which a
/// peer sends before it ends its direction. Standard output has one line of JSON per case: its
/// exchanges.
@main
enum WireProbe {
    private struct Line: Encodable {
        var method: String?
        var path: String?
        var query: [[String]]?
        var fields: [[String]]?
        var body: String
        var isComplete: Bool
        var fault: String?
    }

    static func main() throws {
        let input = [UInt8](try Data(contentsOf: URL(filePath: CommandLine.arguments[1])))
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        var rest = input[...]
        while rest.count >= 4 {
            let count = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            let bytes = Array(rest.dropFirst(4).prefix(count))
            rest = rest.dropFirst(4 + count)
            let conversation = try Conversation(of: [bytes], limits: HTTPLimits())
            let lines = conversation.exchanges.map { exchange in
                Line(
                    method: exchange.head?.method.rawValue,
                    path: exchange.head?.target.rawPath,
                    query: exchange.head?.target.query.map { [$0.name, $0.value] },
                    fields: exchange.head?.fields.map { [$0.name.rawName, $0.value] },
                    body: Data(exchange.body).base64EncodedString(),
                    isComplete: exchange.isComplete,
                    fault: exchange.fault?.code
                )
            }
            print(String(decoding: try encoder.encode(lines), as: UTF8.self))
        }
    }
}
