import CLinux

/// A thread for work that blocks, which neither the tasks' pool nor Dispatch's may be held up by.
enum DedicatedThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread that ends with `body`.
    ///
    /// - Parameters:
    ///   - name: What the system shows, cut after 15 characters.
    ///   - stackBytes: Its stack.
    ///   - body: What it does.
    /// - Throws: ``SystemFault`` if threads have run out.
    static func start(
        name: String,
        stackBytes: Int = 1 << 20,
        _ body: @escaping @Sendable () -> Void
    ) throws(SystemFault) {
        let context = Unmanaged.passRetained(Body(body))
        let code = plm_start_thread(
            name,
            stackBytes,
            { context in
                guard let context else { return }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
            },
            context.toOpaque()
        )
        guard code == 0 else {
            context.release()
            throw SystemFault(call: "pthread_create", code: code)
        }
    }
}
