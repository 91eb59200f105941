import CDeflate

/// A PNG's colour statements: cICP, iCCP, sRGB, gAMA and cHRM (W3C PNG, third edition, 11.3.2).
///
/// libspng does not see these chunks: it would refuse a picture with a damaged one, and it does not
/// know cICP.
struct PNGColors {
    /// The chunk types.
    private static let kinds: Set<String> = ["cICP", "iCCP", "sRGB", "gAMA", "cHRM"]
    /// More chunks than any file has; libspng refuses files with more.
    private static let maxChunks = 64

    /// The statements.
    let statements: ColorStatements
    /// The chunks' positions in the file, ascending.
    let places: [Range<Int>]

    /// Reads the chunks; the first of each type counts.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - limits: Bounds the length of a profile.
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/unsupported`` for samples that do not
    ///   use their full range.
    init(_ bytes: [UInt8], limits: ImageLimits) throws(ImagingError) {
        let chunks = PNGChunks(bytes)
        let found = chunks.all(Self.kinds, limit: Self.maxChunks)
        places = found.map(\.place)
        func chunk(_ kind: String) -> PNGChunks.Chunk? {
            found.first { $0.kind == kind && $0.isInFront }
        }

        var statements = ColorStatements()
        if let chunk = chunk("cICP") {
            switch try Self.codePoints(chunks.sound(chunk)) {
            case .some(let codePoints):
                statements.codePoints = codePoints.isTold ? codePoints.points : nil
            case .none: statements.omissions.append(Omission(.codePoints, .damaged))
            }
        }
        if let chunk = chunk("iCCP") {
            statements.profile = Self.profile(chunks.sound(chunk), limits: limits)
        }
        statements.saysSRGB = chunk("sRGB").flatMap(chunks.sound)?.count == 1
        let gamma = chunk("gAMA").flatMap(chunks.sound)
        let white = chunk("cHRM").flatMap(chunks.sound)
        let colorimetry = Colorimetry(
            gamma: gamma.flatMap { Self.numbers($0, 1) }?.first,
            chromaticities: white.flatMap { Self.numbers($0, 8) }
        )
        statements.colorimetry = colorimetry
        let isAllRead =
            (chunk("gAMA") == nil || colorimetry?.gamma != nil)
            && (chunk("cHRM") == nil || colorimetry?.chromaticities != nil)
        if !isAllRead { statements.omissions.append(Omission(.colorimetry, .damaged)) }
        self.statements = statements
    }

    // MARK: - Steps

    /// Parses the code points, and whether any is specified; `nil` for an invalid chunk.
    private static func codePoints(
        _ content: ArraySlice<UInt8>?
    ) throws(ImagingError) -> (points: ColorCodePoints, isTold: Bool)? {
        guard let content, content.count == 4 else { return nil }
        let values = Array(content)
        // RGB samples have no matrix.
        guard values[2] == 0, values[3] <= 1 else { return nil }
        let unspecified = ColorCodePoints.unspecified
        let isTold = values[0] != unspecified || values[1] != unspecified
        guard values[3] == 1 || !isTold else {
            throw ImagingError(
                .unsupported,
                "The PNG's samples do not use their whole range by its cICP chunk, which is not read; convert it to sRGB."
            )
        }
        return (ColorCodePoints(primaries: values[0], transfer: values[1]), isTold)
    }

    /// Reads the profile: a name, method 0 and a zlib stream (W3C PNG, 11.3.2.3).
    private static func profile(
        _ content: ArraySlice<UInt8>?,
        limits: ImageLimits
    ) -> ColorStatements.Profile {
        guard let content, let end = content.prefix(80).firstIndex(of: 0), end > content.startIndex,
            content.dropFirst(end - content.startIndex + 1).first == 0
        else { return .unusable(.damaged) }
        return inflated(
            Array(content.dropFirst(end - content.startIndex + 2)),
            limit: limits.maxICCBytes
        )
    }

    private static func inflated(_ bytes: [UInt8], limit: Int) -> ColorStatements.Profile {
        guard let decompressor = libdeflate_alloc_decompressor() else {
            return .unusable(.tooLarge)
        }
        defer { libdeflate_free_decompressor(decompressor) }
        var capacity = min(limit, 1 << 16)
        while true {
            var result = LIBDEFLATE_SUCCESS
            let profile = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
                result = libdeflate_zlib_decompress(
                    decompressor,
                    bytes,
                    bytes.count,
                    buffer.baseAddress,
                    capacity,
                    &count
                )
                if result != LIBDEFLATE_SUCCESS { count = 0 }
            }
            switch result {
            case LIBDEFLATE_SUCCESS: return .stored(profile)
            case LIBDEFLATE_INSUFFICIENT_SPACE where capacity < limit:
                capacity = min(limit, capacity * 4)
            case LIBDEFLATE_INSUFFICIENT_SPACE: return .unusable(.tooLarge)
            default: return .unusable(.damaged)
            }
        }
    }

    /// Parses 32-bit numbers.
    ///
    /// None may be 2³¹ or more (W3C PNG, 7.1), and the first, the gamma or the white point, must
    /// not be 0.
    private static func numbers(_ content: ArraySlice<UInt8>, _ count: Int) -> [UInt32]? {
        guard content.count == 4 * count else { return nil }
        var reader = BigEndianReader(content)
        let numbers = (0..<count).compactMap { _ in reader.number(4).flatMap(UInt32.init(exactly:))
        }
        return numbers.count == count && numbers.allSatisfy { $0 < 1 << 31 } && numbers[0] > 0
            ? numbers : nil
    }
}
