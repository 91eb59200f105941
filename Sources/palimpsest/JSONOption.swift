import ArgumentParser
import Operations

/// The `--json` flag of commands whose result programs may read.
struct JSONOption: ParsableArguments {
    @Flag(help: "Print the result as JSON on the standard output.")
    var json = false

    /// Writes a result as one JSON object on several lines.
    func write(_ result: some Encodable) throws {
        let text = String(decoding: try JSONDocument.bytes(result), as: UTF8.self)
        StandardOutput.write(text)
    }
}
