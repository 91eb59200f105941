/// A fault of the whole call: one sentence, and exit status 1.
struct CommandFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A call that asks for nothing that can be done: one sentence, and exit status 2.
///
/// The parser's own faults print the usage too, which would hide a sentence that has nothing to do with it.
struct UsageFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
