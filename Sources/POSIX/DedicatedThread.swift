import CLinux

/// A thread of its own for work that goes on for long, or that must not change its thread, as
/// whoever starts children that die with the thread that started them.
///
/// Single calls that block are for a ``BlockingExecutor``.
public enum DedicatedThread {
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
    /// - Throws: ``SystemError`` if threads have run out.
    public static func start(
        name: String,
        stackBytes: Int = 1 << 20,
        _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) {
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
            throw SystemError(call: "pthread_create", code: code)
        }
    }
}
