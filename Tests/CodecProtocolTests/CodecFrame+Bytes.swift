import CodecProtocol

extension CodecFrame {
    /// The whole frame as it goes over the wire.
    var encoded: [UInt8] {
        Self.prefix(headerCount: UInt32(header.count), bodyCount: UInt64(body.count)) + header
            + body
    }
}

extension CodecFrameDecoder {
    /// Takes bytes and gives all the frames that they complete; frames before a fault are lost with it.
    mutating func frames(from bytes: [UInt8]) throws(CodecFault) -> [CodecFrame] {
        let outcome = bytes.withUnsafeBytes { buffer in
            Result { () throws(CodecFault) in
                var rest = buffer
                var frames: [CodecFrame] = []
                while let frame = try next(from: &rest) { frames.append(frame) }
                return frames
            }
        }
        return try outcome.get()
    }
}
