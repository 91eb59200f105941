import Archive

/// Properties of the archive decoders that hold for any bytes.
enum ArchiveProperties {
    static let limits = ArchiveLimits(
        maxMembers: 4,
        maxNameBytes: 200,
        maxExtendedHeaderBytes: 1024,
        maxUnpackedBytes: 5000,
        // The ratio is checked against the consumed bytes, which vary slightly with the split.
        maxRatio: 2000
    )

    static func tar(_ ways: [[[UInt8]]]) -> String? {
        violation(ways.map { [checksummed(Array($0.joined()))] } + ways.map(checksummedPieces)) {
            TarDecoder(limits: limits)
        }
    }

    static func zip(_ ways: [[[UInt8]]]) -> String? {
        violation(ways) { ZIPDecoder(limits: limits) }
    }

    private static func violation(
        _ ways: [[[UInt8]]],
        by decoder: () -> any ArchiveDecoder
    ) -> String? {
        let outcomes = ways.map { ArchiveOutcome(of: $0, by: decoder()) }
        let outcome = outcomes[0]
        guard
            outcomes.allSatisfy({
                $0.members == outcome.members && $0.fault?.code == outcome.fault?.code
            })
        else {
            return "an archive depends on how it is split"
        }
        guard outcome.fault == nil else { return nil }
        if outcome.members.count > limits.maxMembers {
            return "there are more members than the limit"
        }
        for member in outcome.members {
            if !member.isComplete { return "a member has not ended" }
            if member.member.kind != .file, !member.bytes.isEmpty {
                return "what is no file has bytes"
            }
            if let path = try? ArchivePath(member.member.name),
                path.name == ".." || path.name.contains("/")
            {
                return "a name leads elsewhere"
            }
        }
        let whole = ways[0].flatMap { $0 }
        let more = ArchiveOutcome(of: [whole + [1]], by: decoder())
        if more.fault?.code != .invalid { return "something may follow an archive" }
        let less = ArchiveOutcome(of: [Array(whole.prefix(necessary(whole) - 1))], by: decoder())
        return less.fault?.code == .truncated ? nil : "a part of an archive is taken for the whole"
    }

    /// Returns the length of a valid archive without the zeros that may follow a tar.
    private static func necessary(_ bytes: [UInt8]) -> Int {
        guard bytes.count >= 1024, bytes.suffix(1024).allSatisfy({ $0 == 0 }) else {
            return bytes.count
        }
        // A tar's members take whole blocks, of which the last may end in zeros or consist of them.
        var decoder = TarDecoder(limits: limits)
        for block in stride(from: 0, to: bytes.count, by: 512) {
            decoder.receive(Array(bytes[block..<min(block + 512, bytes.count)]))
            while (try? decoder.next()) != nil {}
            if (try? decoder.finish()) != nil { return min(block + 512, bytes.count) }
        }
        return bytes.count
    }

    // MARK: - Checksums

    /// Returns a tar with correct header checksums, which no fuzzer would find.
    private static func checksummed(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for start in stride(from: 0, through: bytes.count - 512, by: 512)
        where bytes[(start + 257)...].starts(with: Array("ustar".utf8)) {
            bytes.replaceSubrange(
                (start + 148)..<(start + 156),
                with: [UInt8](repeating: 0x20, count: 8)
            )
            let sum = bytes[start..<(start + 512)].reduce(0) { $0 + Int($1) }
            let digits = Array(String(sum, radix: 8).utf8)
            bytes.replaceSubrange((start + 148)..<(start + 148 + digits.count), with: digits)
        }
        return bytes
    }

    private static func checksummedPieces(_ pieces: [[UInt8]]) -> [[UInt8]] {
        var rest = checksummed(Array(pieces.joined()))[...]
        return pieces.map { piece in
            defer { rest = rest.dropFirst(piece.count) }
            return Array(rest.prefix(piece.count))
        }
    }
}
