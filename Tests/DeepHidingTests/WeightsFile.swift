/// Writes weights files, sound ones and faulty ones, for the tests of the reader.
struct WeightsFile {
    struct Tensor {
        var name: String
        var dtype = "F32"
        var shape: [Int]
        var offsets: (Int, Int)
    }

    var metadata: [String: String]
    var tensors: [Tensor]
    var data: [UInt8]

    /// A complete file; `value` gives each element by its tensor's name and its index.
    init(
        blocks: Int,
        growth: Int,
        value: (_ name: String, _ index: Int) -> Float = { _, _ in 0.01 }
    ) {
        metadata = [
            "format": "palimpsest-deep-hiding", "format_version": "1", "wavelet": "haar",
            "blocks": "\(blocks)",
            "growth": "\(growth)", "clamp": "2.0", "licence": "none", "training": "{}",
            "protection": "{}",
        ]
        tensors = []
        data = []
        for block in 0..<blocks {
            for submodule in ["phi", "rho", "eta"] {
                for k in 1...5 {
                    let inputs = 12 + (k - 1) * growth, outputs = k < 5 ? growth : 12
                    let prefix = "blocks.\(block).\(submodule).conv\(k)"
                    append("\(prefix).weight", [outputs, inputs, 3, 3], value)
                    append("\(prefix).bias", [outputs], value)
                }
            }
        }
    }

    private mutating func append(_ name: String, _ shape: [Int], _ value: (String, Int) -> Float) {
        let start = data.count
        for index in 0..<shape.reduce(1, *) {
            withUnsafeBytes(of: value(name, index).bitPattern.littleEndian) { data += $0 }
        }
        tensors.append(Tensor(name: name, shape: shape, offsets: (start, data.count)))
    }

    var header: String {
        let fields = metadata.sorted { $0.key < $1.key }.map { "\"\($0)\": \"\($1)\"" }.joined(
            separator: ", "
        )
        let entries = tensors.map { tensor in
            "\"\(tensor.name)\": {\"dtype\": \"\(tensor.dtype)\", \"shape\": \(tensor.shape), "
                + "\"data_offsets\": [\(tensor.offsets.0), \(tensor.offsets.1)]}"
        }
        return "{\"__metadata__\": {\(fields)}, \(entries.joined(separator: ", "))}"
    }

    var bytes: [UInt8] { Self.assemble(header: header, data: data) }

    static func assemble(header: String, data: [UInt8], announcing length: UInt64? = nil) -> [UInt8]
    {
        let text = Array(header.utf8)
        return withUnsafeBytes(of: (length ?? UInt64(text.count)).littleEndian) { Array($0) } + text
            + data
    }
}
