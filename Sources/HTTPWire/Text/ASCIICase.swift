extension StringProtocol {
    /// Whether two texts are the same octets, ignoring the case of ASCII letters.
    ///
    /// HTTP keywords must be compared only this way (RFC 9110 section 5.6.2). `lowercased()` and
    /// `==` follow Unicode, where the Kelvin sign (U+212A) is a letter k: a value that an
    /// intermediary does not recognise as `chunked` would then be `chunked` here.
    public func equalsIgnoringASCIICase(_ other: some StringProtocol) -> Bool {
        utf8.elementsEqual(other.utf8) { Grammar.lowercased($0) == Grammar.lowercased($1) }
    }
}

extension String {
    /// Returns what follows a prefix, compared as by ``equalsIgnoringASCIICase(_:)``.
    ///
    /// - Returns: The octets after the prefix, or `nil` if the text does not begin with it.
    func octets(afterASCIIPrefix prefix: String) -> Substring.UTF8View? {
        guard Substring(utf8.prefix(prefix.utf8.count)).equalsIgnoringASCIICase(prefix) else {
            return nil
        }
        return utf8.dropFirst(prefix.utf8.count)
    }
}
