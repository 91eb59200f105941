// The members of a ZIP, from their local headers to their data descriptors.
extension ZIPDecoder {
    func beginMember() throws(ArchiveFault) -> ArchiveEvent? {
        let offset = position
        guard
            let bytes = takeRecord(fixed: ZIPLocalHeader.fixedBytes, length: ZIPLocalHeader.length)
        else {
            return nil
        }
        members += 1
        guard members <= limits.maxMembers else {
            throw .bomb("An archive may have at most \(limits.maxMembers) members.")
        }
        do throws(ArchiveFault) {
            let header = try ZIPLocalHeader(bytes)
            guard header.name.count <= limits.maxNameBytes else {
                throw .memberInvalid("Its name has more than \(limits.maxNameBytes) bytes.")
            }
            let isFolder = header.name.last == UInt8(ascii: "/")
            current = Current(header: header, offset: offset, isFolder: isFolder)
            switch header.method {
            // Without a size it must be empty; its descriptor will show that.
            case .stored: state = .stored(remaining: header.packedSize ?? 0)
            case .deflated:
                inflater.reset()
                state = .deflated(remaining: header.packedSize)
            }
            return .memberBegan(
                ArchiveMember(number: members, kind: isFolder ? .folder : .file, name: header.text)
            )
        } catch {
            throw error.ofMember(members)
        }
    }

    func inflate(_ remaining: UInt64?) throws(ArchiveFault) -> ArchiveEvent? {
        let step = queue.withUnsafeBytes { bytes in
            inflater.step(
                UnsafeRawBufferPointer(rebasing: bytes.prefix(Int(clamping: remaining ?? .max)))
            )
        }
        guard step.isComplete || step.consumed > 0 || !step.output.isEmpty else {
            throw notDeflated
        }
        queue.discard(step.consumed)
        position += UInt64(step.consumed)
        let left = remaining.map { $0 - UInt64(step.consumed) }
        if step.isComplete {
            guard left ?? 0 == 0 else {
                throw ArchiveFault.invalid("Its deflated bytes end before their size.").ofMember(
                    members
                )
            }
            state = .stored(remaining: 0)
        } else {
            state = .deflated(remaining: left)
        }
        // Check the limits before reporting a fault, so that the result does not depend on how the
        // bytes are split.
        let event = try give(step.output, packed: step.consumed)
        guard !step.isInvalid else { throw notDeflated }
        return step.output.isEmpty ? nil : event
    }

    private var notDeflated: ArchiveFault {
        ArchiveFault.invalid("Its bytes are not deflated, damaged, or go on beyond their size.")
            .ofMember(members)
    }

    /// Accounts for bytes of the member and returns their event.
    func give(_ bytes: [UInt8], packed: Int) throws(ArchiveFault) -> ArchiveEvent {
        guard var member = current else { preconditionFailure("bytes come within a member") }
        member.crc32 = CRC32.update(member.crc32, bytes)
        member.packedSize += UInt64(packed)
        member.size += UInt64(bytes.count)
        current = member
        unpacked += UInt64(bytes.count)
        if member.isFolder, !bytes.isEmpty {
            throw ArchiveFault.invalid("It is named as a folder but has bytes.").ofMember(
                members
            )
        }
        guard unpacked <= limits.maxUnpackedBytes else {
            throw .bomb(
                "The archive unpacks to more than \(limits.maxUnpackedBytes) bytes, the most a request may have."
            )
        }
        guard unpacked <= limits.freelyUnpackedBytes || unpacked / limits.maxRatio <= position
        else {
            throw .bomb("The archive unpacks to more than \(limits.maxRatio) times its size.")
        }
        return .memberBytes(bytes)
    }

    /// Compares the member with its header.
    ///
    /// - Returns: The end of the member; `nil` if its descriptor is yet to come.
    func endBytes() throws(ArchiveFault) -> ArchiveEvent? {
        guard let current else { preconditionFailure("bytes end within a member") }
        let header = current.header
        guard header.size ?? current.size == current.size,
            header.packedSize ?? current.packedSize == current.packedSize,
            header.crc32 ?? current.crc32 == current.crc32
        else {
            throw ArchiveFault.invalid("Its size or checksum is not what its header says.")
                .ofMember(members)
        }
        guard !header.hasDescriptor else {
            state = .descriptor
            return nil
        }
        return endMember(current)
    }

    func readDescriptor() throws(ArchiveFault) -> ArchiveEvent? {
        guard let current else { preconditionFailure("a descriptor ends a member") }
        let width = current.header.isZIP64 ? 8 : 4
        guard let start = queue.peek(4) else { return nil }
        // Some writers omit the signature.
        let skipped = LittleEndian(start).number32(0) == ZIPSignature.descriptor ? 4 : 0
        guard let bytes = take(skipped + 4 + 2 * width) else { return nil }
        let fields = LittleEndian(bytes[skipped...])
        let packed = width == 8 ? fields.number64(4) : UInt64(fields.number32(4))
        let size = width == 8 ? fields.number64(12) : UInt64(fields.number32(8))
        guard fields.number32(0) == current.crc32, packed == current.packedSize,
            size == current.size
        else {
            throw Self.descriptorFault(current.header).ofMember(members)
        }
        return endMember(current)
    }

    private static func descriptorFault(_ header: ZIPLocalHeader) -> ArchiveFault {
        header.method == .stored && header.packedSize == nil
            ? .memberInvalid(
                "It is stored without its size before it; write the ZIP to a file first, or deflate it."
            )
            : .invalid("The record after it gives another size or checksum than it has.")
    }

    private func endMember(_ member: Current) -> ArchiveEvent {
        directory.add(
            number: members,
            header: member.header,
            offset: member.offset,
            crc32: member.crc32,
            packedSize: member.packedSize,
            size: member.size
        )
        current = nil
        state = .record
        return .memberEnded
    }
}
