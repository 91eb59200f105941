import ArgumentParser
import HTTPAPI
import Queue

struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Protects photos that servers have taken, on a machine of its own.",
        discussion: """
            It shares --database and --blobs with the servers, and listens to nobody; --metrics-bind \
            gives it /metrics, /healthz and /readyz. --data is a folder of its own for what it is \
            about to write. Variables of servers mean nothing to it. SIGTERM gives back what it has \
            not finished.
            """
    )

    @OptionGroup var options: NodeOptions

    func run() async throws {
        try await ServeCommand.run(.worker, Settings(flags: options.flags))
    }
}
