import CodecHost

/// A fault of the whole call: one sentence, and exit status 1.
struct CommandFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// That there are no codec processes.
    init(_ error: CodecsUnavailable, weightsFile: String) {
        self.init(
            "The codec processes do not start with the weights file \(StandardError.printable(weightsFile)): "
                + "\(error.reason)."
        )
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
