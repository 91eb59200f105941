import ArgumentParser
import FoundationEssentials

/// Reads the input files of a measurement.
enum InputFile {
    /// Reads a whole file.
    ///
    /// - Throws: A `ValidationError` that names the file.
    static func bytes(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ValidationError("'\(path)' cannot be read.")
        }
        return [UInt8](data)
    }

    /// Reads headerless little-endian floats.
    ///
    /// - Throws: A `ValidationError` that names the file.
    static func floats(_ path: String, count: Int) throws -> [Float] {
        let bytes = try bytes(path)
        guard bytes.count == 4 * count else {
            throw ValidationError("'\(path)' does not hold \(count) floats.")
        }
        return bytes.withUnsafeBytes { bytes in
            (0..<count).map {
                Float(bitPattern: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self))
            }
        }
    }
}
