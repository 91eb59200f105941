import FoundationEssentials

/// The origin of a page as browsers write it in `Origin`, such as `https://photos.example`.
enum WebOrigin {
    /// What the operator may list, as a part of a sentence.
    static let rule = "origins as browsers send them, such as https://photos.example"

    /// Whether a text is an origin in the form in which browsers send it.
    ///
    /// It is compared byte for byte, so that another spelling of an origin, such as one with a
    /// slash at its end or with the standard port, would never match. `*` and `null` name no page
    /// that the operator knows.
    static func isValid(_ text: String) -> Bool {
        guard let url = URL(string: text), let scheme = url.scheme, let host = url.host(),
            scheme == "https" || scheme == "http", !host.isEmpty, host == host.lowercased(),
            url.port != (scheme == "https" ? 443 : 80)
        else { return false }
        let port = url.port.map { ":\($0)" } ?? ""
        let shown = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        return text == "\(scheme)://\(shown)\(port)"
    }
}
