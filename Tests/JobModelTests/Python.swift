import Foundation
import ProcessHarness
import Testing

/// Runs Python, whose standard library knows Unicode and Windows device names independently.
enum Python {
    /// Runs a script.
    ///
    /// - Parameters:
    ///   - script: The script. It reads the list `texts` and fills the list `out`.
    ///   - texts: The texts, passed as JSON.
    /// - Returns: The list `out`.
    /// - Throws: Errors of the process and of the file, and a failed requirement if the script
    ///   fails.
    static func strings(_ script: String, _ texts: [String] = []) throws -> [String] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(
            "texts-\(UUID().uuidString).json"
        )
        try JSONEncoder().encode(texts).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let end = try RunningProgram.run(
            "/usr/bin/python3",
            [
                "-c",
                "import json, sys\ntexts = json.load(open(sys.argv[1], encoding='utf-8'))\nout = []\n\(script)\njson.dump(out, sys.stdout)",
                file.path,
            ]
        )
        try #require(end.isSuccess, "\(end.complaintText)")
        return try JSONDecoder().decode([String].self, from: Data(end.output))
    }
}

/// Whether two texts have the same bytes; Swift's `==` treats canonically equivalent texts as
/// equal.
func areSameBytes(_ first: String, _ second: String) -> Bool {
    first.utf8.elementsEqual(second.utf8)
}
