import CodecHost

/// An error that ends the whole command, with a one-sentence message and exit status 1.
struct CommandFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// Reports that no codec process could be started.
    init(_ error: CodecsUnavailable, models: ModelFiles) {
        self.init(
            "The codec processes do not start with the weights file \(StandardError.printable(models.path)): "
                + "\(error.reason)."
        )
    }
}

/// A command line that cannot be carried out, with a one-sentence message and exit status 2.
///
/// A `ValidationError` would also print the usage text and so bury a message that has nothing to do
/// with it.
struct UsageFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
