import Foundation
import Testing

/// Python's standard library, which knows Unicode and Windows' names by itself.
enum Python {
    /// Runs a script.
    ///
    /// - Parameters:
    ///   - script: Its `texts` are the texts; what it puts into `out` comes back.
    ///   - texts: Handed over as JSON, as they are.
    /// - Returns: The list `out`.
    /// - Throws: What the process or the file throws, and a failed requirement if the script fails.
    static func strings(_ script: String, _ texts: [String] = []) throws -> [String] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(
            "texts-\(UUID().uuidString).json"
        )
        try JSONEncoder().encode(texts).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = [
            "-c",
            "import json, sys\ntexts = json.load(open(sys.argv[1], encoding='utf-8'))\nout = []\n\(script)\njson.dump(out, sys.stdout)",
            file.path,
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try JSONDecoder().decode([String].self, from: bytes)
    }
}

/// Whether two texts are the same bytes; Swift's own comparison takes all spellings of a text for one.
func areSameBytes(_ first: String, _ second: String) -> Bool {
    first.utf8.elementsEqual(second.utf8)
}
