/// Searches metadata for pictures: raw, in base64 or in hexadecimal.
///
/// A writer of metadata may put a preview anywhere, so this is the last check, on the bytes about
/// to be written.
enum EmbeddedPictures {
    /// Whether a picture begins anywhere in bytes, or in text among them.
    static func areFound(in bytes: ArraySlice<UInt8>) -> Bool {
        bytes.withUnsafeBufferPointer(beginsSomewhere) || areFound(inText: bytes)
    }

    /// Whether text holds a picture in base64 or in hexadecimal.
    ///
    /// White space is skipped, including white space written as XML character references.
    static func areFound(inText bytes: ArraySlice<UInt8>) -> Bool {
        var isFound = false
        forEachRun(of: bytes) { run, _ in
            isFound = isFound || Base64Run.holdsPicture(run)
        }
        return isFound
    }

    /// Whether text holds a picture, or a base64 run too long to be readable text.
    static func mayBe(inText bytes: ArraySlice<UInt8>) -> Bool {
        var isFound = false
        forEachRun(of: bytes) { run, isDense in
            isFound =
                isFound || (isDense && run.count > maxOpaqueCount) || Base64Run.holdsPicture(run)
        }
        return isFound
    }

    /// The longest plausible run of base64 digits in readable text.
    private static let maxOpaqueCount = 2048
    /// The minimum number of base64 digits per line; words of a text are shorter.
    private static let minLineCount = 40

    // MARK: - Raw pictures

    /// Whether the signature of a format occurs anywhere.
    static func beginsSomewhere(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        func stands(_ text: StaticString, at offset: Int) -> Bool {
            guard offset >= 0, offset + text.utf8CodeUnitCount <= bytes.count else { return false }
            return (0..<text.utf8CodeUnitCount).allSatisfy {
                bytes[offset + $0] == text.utf8Start[$0]
            }
        }
        for index in bytes.indices.dropLast(2) {
            switch bytes[index] {
            // The SOI marker and the first byte of the next marker (ITU-T T.81, B.1.1.3).
            case 0xFF: if bytes[index + 1] == 0xD8, bytes[index + 2] == 0xFF { return true }
            case 0x89: if stands("PNG\r\n", at: index + 1) { return true }
            case UInt8(ascii: "R"):
                if stands("RIFF", at: index), stands("WEBP", at: index + 8) { return true }
            case UInt8(ascii: "G"):
                if stands("GIF87a", at: index) || stands("GIF89a", at: index) { return true }
            // The first box of HEIC, AVIF and video files, which is short.
            case UInt8(ascii: "f"):
                if index >= 4, bytes[index - 4] == 0, bytes[index - 3] == 0,
                    stands("ftyp", at: index)
                {
                    return true
                }
            // Boxed JPEG XL and JPEG 2000.
            case UInt8(ascii: "J"): if stands("JXL \r\n", at: index) { return true }
            case UInt8(ascii: "j"): if stands("jP  \r\n", at: index) { return true }
            default: break
            }
        }
        return false
    }

    // MARK: - Pictures as text

    /// Calls `body` with each run of base64 digits.
    ///
    /// `body` gets the digits as 6-bit numbers, and whether the run's lines are longer than words.
    private static func forEachRun(of bytes: ArraySlice<UInt8>, _ body: ([UInt8], Bool) -> Void) {
        var run: [UInt8] = []
        var (isDense, isBehindWord, lineCount) = (true, false, 0)
        func end() {
            if run.count >= Base64Run.minCount { body(run, isDense) }
            run.removeAll(keepingCapacity: true)
            (isDense, isBehindWord, lineCount) = (true, false, 0)
        }
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let (byte, length) = character(of: bytes, at: index)
            index += length
            if let digit = Base64Run.digit(byte) {
                // The last line may be short.
                if isBehindWord { isDense = false }
                run.append(digit)
                lineCount += 1
            } else if [0x20, 0x09, 0x0A, 0x0D].contains(byte) {
                if lineCount > 0, lineCount < minLineCount { isBehindWord = true }
                lineCount = 0
            } else {
                end()
            }
        }
        end()
    }

    /// Returns the character at an index, decoding XML references and URL escapes, and its encoded
    /// length.
    private static func character(
        of bytes: ArraySlice<UInt8>,
        at index: Int
    ) -> (byte: UInt8, length: Int) {
        let byte = bytes[index]
        if byte == UInt8(ascii: "%"),
            let value = number(bytes.dropFirst(index - bytes.startIndex + 1).prefix(2), 16)
        {
            return (value, 3)
        }
        guard byte == UInt8(ascii: "&") else { return (byte, 1) }
        let reference = bytes.dropFirst(index - bytes.startIndex + 1).prefix(10)
        guard let end = reference.firstIndex(of: UInt8(ascii: ";")),
            reference.first == UInt8(ascii: "#")
        else {
            return (byte, 1)
        }
        let digits = reference[reference.startIndex + 1..<end]
        let isHexadecimal = digits.first == UInt8(ascii: "x")
        guard
            let value = number(isHexadecimal ? digits.dropFirst() : digits, isHexadecimal ? 16 : 10)
        else {
            return (byte, 1)
        }
        return (value, end - index + 1)
    }

    private static func number(_ digits: ArraySlice<UInt8>, _ base: UInt32) -> UInt8? {
        guard !digits.isEmpty else { return nil }
        var value: UInt32 = 0
        for digit in digits {
            guard let number = Base64Run.hexadecimal(digit), number < base, value < 256 else {
                return nil
            }
            value = value * base + UInt32(number)
        }
        return UInt8(exactly: value)
    }
}

/// A run of digits that may encode a picture in base64 (RFC 4648) or hexadecimal.
enum Base64Run {
    /// Fewer digits than any picture needs.
    static let minCount = 16

    /// Whether a picture begins anywhere in the decoded digits, at any alignment.
    static func holdsPicture(_ digits: [UInt8]) -> Bool {
        for phase in 0..<4 {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(digits.count * 3 / 4)
            var (bits, count): (UInt32, UInt32) = (0, 0)
            for digit in digits.dropFirst(phase) {
                (bits, count) = (bits << 6 | UInt32(digit), count + 6)
                guard count >= 8 else { continue }
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
            }
            if isPicture(bytes) { return true }
        }
        return holdsHexadecimal(digits)
    }

    /// Returns the 6-bit value of a base64 digit, in the standard or the URL alphabet.
    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }

    /// Returns the value of a hexadecimal digit.
    static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func isPicture(_ bytes: [UInt8]) -> Bool {
        if bytes.withUnsafeBufferPointer(EmbeddedPictures.beginsSomewhere) { return true }
        // TIFF and BMP have short signatures, which count only at the beginning.
        return [.tiff, .bmp].contains(ImageFormat.detect(bytes))
    }

    /// Does the same for pairs of hexadecimal digits, given as 6-bit base64 values.
    private static func holdsHexadecimal(_ digits: [UInt8]) -> Bool {
        let runs = digits.split { sixBits($0) == nil }.filter { $0.count >= minCount }
        return runs.contains { run in
            (0..<2).contains { phase in
                let values = run.dropFirst(phase).compactMap(sixBits)
                let bytes = stride(from: 0, to: values.count - 1, by: 2).map {
                    values[$0] << 4 | values[$0 + 1]
                }
                return isPicture(bytes)
            }
        }
    }

    /// Converts a base64 value to the hexadecimal value of the same digit.
    private static func sixBits(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0...5: digit + 10
        case 26...31: digit - 16
        case 52...61: digit - 52
        default: nil
        }
    }
}
