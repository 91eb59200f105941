/// A request to an object store, and how much of the answer is taken.
struct HTTPRequest {
    /// What is sent after the header.
    enum Body {
        case none
        case bytes([UInt8])
        /// An open file from its start, and its size.
        case file(descriptor: Int32, size: UInt64)
    }

    let method: String
    let url: String
    let headers: [String: String]
    var body = Body.none
    /// The most bytes of an answer's body; a longer one is an error.
    let maxAnswer: Int
}

/// An answer of an object store.
struct HTTPAnswer {
    let status: Int
    /// By name in lower case.
    let headers: [String: String]
    let body: [UInt8]
}

/// An exchange that ended without an answer, as a clause.
struct HTTPFault: Error, Equatable, CustomStringConvertible {
    let description: String
}
