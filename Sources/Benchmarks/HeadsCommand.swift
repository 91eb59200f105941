import ArgumentParser
import HTTPWire

/// Runs only the HTTP parser, on an upload's head as curl sends it, to count its instructions.
struct HeadsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "heads",
        abstract: "Decodes the head of one upload again and again."
    )

    @Option(help: "How often.")
    var count: Int

    private static let head = """
        POST /v1/jobs?class=cat&mode=sample-wise&name=holiday%20in%20Krak%C3%B3w.jpg HTTP/1.1\r
        Host: 127.0.0.1:8080\r
        Authorization: Bearer plm_0123456789abcdefghijklmnopqrstuvwxyz0123456789\r
        User-Agent: curl/7.88.1\r
        Accept: */*\r
        Idempotency-Key: 5c2f9a3e-0b7d-4c1a-9f44-0d8f2c6a7b11\r
        Content-Type: image/jpeg\r
        Content-Length: 4718592\r
        \r

        """

    func run() throws {
        let bytes = Array(Self.head.utf8)
        var buffer = ReceiveBuffer()
        for _ in 0..<count {
            buffer.append(bytes)
            var decoder = RequestHeadDecoder(limits: HTTPLimits())
            guard let head = try decoder.decode(&buffer), head.target.segments == ["v1", "jobs"],
                buffer.isEmpty
            else {
                throw ValidationError("The head was not decoded.")
            }
        }
    }
}
