import Testing

@testable import HTTPAPI

@Suite("Paths in the log")
struct LoggedPathTests {
    @Test(
        "The name of a class is left out, however the path is written",
        arguments: [
            ("/v1/classes/cat", "/v1/classes/{label}"),
            ("/v1/classes/M%C3%BCller", "/v1/classes/{label}"),
            ("/v1/%63lasses/cat/semantic-image", "/v1/classes/{label}/semantic-image"),
            ("/v1/classes/", "/v1/classes/{label}"),
            ("/v1/classes/a/b", "/v1/classes/{label}/…"), ("/v1/classes", "/v1/classes"),
            ("/v1/jobs/x", "/v1/jobs/x"),
            ("/", "/"), ("*", "*"), ("", ""), ("/v2/classes/cat", "/v2/classes/cat"),
        ]
    )
    func paths(path: String, logged: String) {
        #expect(LoggedPath.make(path) == logged)
    }
}
