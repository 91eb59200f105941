extension [UInt8] {
    /// The ICC profile, or `nil` for one of gray, which means nothing to the RGB samples that gray becomes in some formats (ICC.1, 7.2.6).
    var unlessGrayProfile: [UInt8]? {
        dropFirst(16).starts(with: "GRAY".utf8) ? nil : self
    }
}
