public import Cryptography
import FoundationEssentials

/// A safetensors file of float32 tensors, fully validated before any tensor is read.
///
/// Layout: the length of the header (UInt64, little-endian), the header (a JSON object of tensors
/// and string metadata), then the tensors' bytes. In a valid instance the tensors cover all bytes
/// after the header without overlap, and each has exactly the bytes that its shape requires. The
/// file is treated as hostile.
public struct SafetensorsFile: Sendable {
    /// The shape and the position of a tensor.
    public struct Tensor: Sendable, Equatable {
        /// The dimensions, outermost first.
        public let shape: [Int]
        /// The byte offsets in the file, four bytes per element.
        public let range: Range<Int>
    }

    static let maxHeaderBytes = 4 << 20
    static let maxTensors = 4096
    static let maxDimensions = 8
    private static let foreign = "it is not a safetensors weights file"

    /// The string metadata, which includes the `format` that names a method.
    public let metadata: [String: String]
    /// The tensors by name.
    public let tensors: [String: Tensor]
    /// The SHA-256 digest of the file.
    public let sha256: SHA256Digest
    private let bytes: [UInt8]

    /// Reads and validates the header.
    ///
    /// - Parameter bytes: The file.
    /// - Throws: ``WeightsError`` with `weights_truncated`, `weights_malformed` or
    ///   `weights_unsupported` (another dtype than F32, or a header beyond the limits).
    public init(_ bytes: [UInt8]) throws(WeightsError) {
        // Check the header's first character before its length: in a text or a picture the length
        // field holds an arbitrary number, which would give a misleading error.
        guard bytes.count > 8 else {
            throw WeightsError(bytes.count < 8 ? .truncated : .malformed, Self.foreign)
        }
        guard bytes[8] == UInt8(ascii: "{") else { throw WeightsError(.malformed, Self.foreign) }
        let announced = bytes[0..<8].reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        guard announced <= UInt64(Self.maxHeaderBytes) else {
            throw WeightsError(
                .unsupported,
                "the header may have at most \(Self.maxHeaderBytes) bytes"
            )
        }
        let headerEnd = 8 + Int(announced)
        guard headerEnd <= bytes.count else {
            throw WeightsError(.truncated, "the file ends inside its header")
        }
        guard announced > 0 else { throw WeightsError(.malformed, Self.foreign) }

        let header: Header
        do {
            header = try JSONDecoder().decode(Header.self, from: Data(bytes[8..<headerEnd]))
        } catch {
            throw WeightsError(.malformed, "the header is not the JSON that safetensors describes")
        }
        guard header.tensors.count <= Self.maxTensors else {
            throw WeightsError(.unsupported, "the file may have at most \(Self.maxTensors) tensors")
        }

        var tensors: [String: Tensor] = [:]
        for (name, entry) in header.tensors {
            tensors[name] = try entry.placed(after: headerEnd, in: bytes.count)
        }
        var end = headerEnd
        for range in tensors.values.map(\.range).sorted(by: {
            ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound)
        }) {
            guard range.lowerBound == end else {
                throw WeightsError(.malformed, "tensors overlap or leave a gap")
            }
            end = range.upperBound
        }
        guard end == bytes.count else {
            throw WeightsError(.malformed, "there are bytes that belong to no tensor")
        }

        self.metadata = header.metadata
        self.tensors = tensors
        self.bytes = bytes
        sha256 = SHA256.hash(bytes)
    }

    private init(
        _ whole: SafetensorsFile,
        metadata: [String: String],
        tensors: [String: Tensor]
    ) {
        self.metadata = metadata
        self.tensors = tensors
        bytes = whole.bytes
        sha256 = whole.sha256
    }

    /// Returns what the file holds under a name: the metadata and tensors whose names begin with it
    /// and a full stop, without that.
    ///
    /// The digest stays that of the whole file.
    public func part(_ name: String) -> SafetensorsFile {
        func own<Value>(_ values: [String: Value]) -> [String: Value] {
            var found: [String: Value] = [:]
            for (key, value) in values where key.hasPrefix(name + ".") {
                found[String(key.dropFirst(name.count + 1))] = value
            }
            return found
        }
        return SafetensorsFile(self, metadata: own(metadata), tensors: own(tensors))
    }

    /// Returns what is left of the file without a part.
    public func without(_ name: String) -> SafetensorsFile {
        SafetensorsFile(
            self,
            metadata: metadata.filter { !$0.key.hasPrefix(name + ".") },
            tensors: tensors.filter { !$0.key.hasPrefix(name + ".") }
        )
    }

    /// Returns the elements of a tensor, which must exist, have a shape and be finite.
    ///
    /// - Throws: ``WeightsError`` with `weights_mismatched` or `weights_not_finite`.
    public func values(named name: String, shape: [Int]) throws(WeightsError) -> [Float] {
        guard let tensor = tensors[name] else {
            throw WeightsError(.mismatched, "the tensor \(name) is missing")
        }
        guard tensor.shape == shape else {
            throw WeightsError(.mismatched, "the tensor \(name) does not have the shape \(shape)")
        }
        let values = values(of: tensor)
        guard values.allSatisfy(\.isFinite) else {
            throw WeightsError(
                .notFinite,
                "the tensor \(name) has an element that is infinite or not a number"
            )
        }
        return values
    }

    /// Returns the elements of one of this file's tensors in row-major order.
    public func values(of tensor: Tensor) -> [Float] {
        bytes[tensor.range].withUnsafeBytes { raw in
            (0..<raw.count / 4).map { index in
                Float(
                    bitPattern: UInt32(
                        littleEndian: raw.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
                    )
                )
            }
        }
    }
}

/// The JSON header as stored.
private struct Header: Decodable {
    var metadata: [String: String] = [:]
    var tensors: [String: Entry] = [:]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        for name in container.allKeys {
            if name.stringValue == "__metadata__" {
                metadata = try container.decode([String: String].self, forKey: name)
            } else {
                tensors[name.stringValue] = try container.decode(Entry.self, forKey: name)
            }
        }
    }
}

private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

private struct Entry: Decodable {
    enum CodingKeys: String, CodingKey {
        case dtype
        case shape
        case dataOffsets = "data_offsets"
    }

    let dtype: String
    let shape: [Int]
    let dataOffsets: [Int]

    /// Validates the entry and returns the tensor's position in a file of `fileSize` bytes.
    func placed(
        after headerEnd: Int,
        in fileSize: Int
    ) throws(WeightsError) -> SafetensorsFile.Tensor {
        guard dtype == "F32" else {
            throw WeightsError(.unsupported, "every tensor must be of type F32")
        }
        guard shape.count <= SafetensorsFile.maxDimensions else {
            throw WeightsError(
                .unsupported,
                "a tensor may have at most \(SafetensorsFile.maxDimensions) dimensions"
            )
        }
        guard dataOffsets.count == 2, dataOffsets[0] >= 0, dataOffsets[0] <= dataOffsets[1] else {
            throw WeightsError(.malformed, "a tensor's data_offsets are not a range")
        }
        guard dataOffsets[1] <= fileSize - headerEnd else {
            throw WeightsError(.truncated, "the file ends inside a tensor")
        }
        var bytes = 4
        for side in shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: side)
            guard side >= 0, !overflow else {
                throw WeightsError(.malformed, "a tensor's shape is impossible")
            }
            bytes = product
        }
        guard bytes == dataOffsets[1] - dataOffsets[0] else {
            throw WeightsError(.malformed, "a tensor's bytes do not fit its shape")
        }
        return SafetensorsFile.Tensor(
            shape: shape,
            range: headerEnd + dataOffsets[0]..<headerEnd + dataOffsets[1]
        )
    }
}
