// The records after the members of a ZIP.
extension ZIPDecoder {
    /// Reads a record after the members.
    ///
    /// - Returns: `false` when more bytes are needed.
    func readEnding(_ signature: UInt32) throws(ArchiveFault) -> Bool {
        if stage == .members {
            directoryOffset = position
            guard
                position > 0
                    || ![ZIPSignature.descriptor, ZIPSignature.singleSegment].contains(signature)
            else {
                throw .split
            }
        }
        let end = ZIPEnd(
            count: directory.count,
            directoryOffset: directoryOffset,
            directoryLength: directoryLength
        )
        switch signature {
        case ZIPSignature.centralHeader where stage <= .directory:
            let fixed = ZIPCentralHeader.fixedBytes
            guard let bytes = takeRecord(fixed: fixed, length: ZIPCentralHeader.length) else {
                return false
            }
            stage = .directory
            directoryLength += UInt64(bytes.count)
            try directory.check(try ZIPCentralHeader(bytes))
        case ZIPSignature.zip64End where stage <= .directory:
            guard let bytes = take(ZIPEnd.zip64Bytes) else { return false }
            try end.checkZIP64(bytes)
            stage = .zip64End
        case ZIPSignature.zip64Locator where stage == .zip64End:
            guard let bytes = take(ZIPEnd.locatorBytes) else { return false }
            try end.checkLocator(bytes)
            stage = .locator
        case ZIPSignature.end where stage != .zip64End:
            guard let bytes = take(ZIPEnd.fixedBytes) else { return false }
            try directory.checkCompleteness()
            state = .comment(try end.checkEnd(bytes, isZIP64: stage == .locator))
        default:
            throw .invalid(
                members == 0
                    ? "The body is no ZIP."
                    : "The next record of the ZIP is not where it should be: the file is damaged, or was repaired."
            )
        }
        return true
    }
}
