extension StringProtocol {
    /// Whether two texts are the same octets, but for the case of ASCII letters.
    ///
    /// The keywords of HTTP are compared in this way only (RFC 9110 section 5.6.2). `lowercased()` and `==` follow Unicode:
    /// for them the Kelvin sign (U+212A) is a letter k, and what another program on the way does not take for `chunked`
    /// would be `chunked` here.
    public func equalsIgnoringASCIICase(_ other: some StringProtocol) -> Bool {
        utf8.elementsEqual(other.utf8) { Grammar.lowercased($0) == Grammar.lowercased($1) }
    }
}

extension String {
    /// What follows a prefix that is compared as ``equalsIgnoringASCIICase(_:)`` does.
    ///
    /// - Returns: The octets after the prefix; `nil` when the text does not begin with it.
    func octets(afterASCIIPrefix prefix: String) -> Substring.UTF8View? {
        guard Substring(utf8.prefix(prefix.utf8.count)).equalsIgnoringASCIICase(prefix) else { return nil }
        return utf8.dropFirst(prefix.utf8.count)
    }
}
