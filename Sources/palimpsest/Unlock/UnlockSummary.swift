/// What `unlock` has done.
struct UnlockSummary: Encodable {
    /// A file whose photo was not given back, and why.
    struct Failure: Encodable {
        let file: String
        let detail: String
    }

    /// The number of photos given back.
    var unlocked = 0
    /// The number of photos that were there already.
    var skipped = 0
    var failed: [Failure] = []
}
