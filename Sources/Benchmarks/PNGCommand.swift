import ArgumentParser
import CSpng
import Glibc
import Imaging

/// Encodes a picture as PNG, by the product's encoder at several levels and by libspng with zlib.
///
/// libspng runs with each single filter and with all of them.
struct PNGCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "png",
        abstract: "Encodes a picture in several ways and tells what each takes and gives."
    )

    @Argument(help: "The picture.")
    var picture: String

    @Option(help: "How often each is timed; the best counts.")
    var repetitions = 3

    private struct Result: Encodable {
        let encoder: String
        let ms: Double
        let bytes: Int
    }

    /// Values of `spng_filter_choice`; libspng and libpng try all filters by default.
    private static let filters: [(name: String, choice: spng_filter_choice)] = [
        ("none", SPNG_FILTER_CHOICE_NONE), ("sub", SPNG_FILTER_CHOICE_SUB),
        ("up", SPNG_FILTER_CHOICE_UP),
        ("average", SPNG_FILTER_CHOICE_AVG), ("Paeth", SPNG_FILTER_CHOICE_PAETH),
        ("all", SPNG_FILTER_CHOICE_ALL),
    ]

    func run() throws {
        let photo = try PhotoDecoder.decode(try InputFile.bytes(picture))
        var results: [Result] = []
        for level in [0, 1, 2, 3, 4, 6, 9, 12] {
            results.append(
                try measured("palimpsest, level \(level)") {
                    try PNGEncoder.encode(photo, compressionLevel: level).count
                }
            )
        }
        for filter in Self.filters {
            results.append(
                try measured("libspng, filter \(filter.name)") { try encoded(photo, filter.choice) }
            )
        }
        try JSONOutput.print(results)
    }

    private func measured(_ encoder: String, _ body: () throws -> Int) throws -> Result {
        var bytes = 0
        let times = try Stopwatch.milliseconds(repetitions: repetitions) { bytes = try body() }
        return Result(encoder: encoder, ms: times.min() ?? 0, bytes: bytes)
    }

    /// Returns the length of libspng's file at zlib's default level.
    private func encoded(_ photo: Photo, _ filter: spng_filter_choice) throws -> Int {
        guard photo.layout == .rgb else {
            throw ValidationError("'\(picture)' is not an RGB picture.")
        }
        guard let context = spng_ctx_new(Int32(SPNG_CTX_ENCODER.rawValue)) else {
            throw ExitCode.failure
        }
        defer { spng_ctx_free(context) }
        var header = spng_ihdr()
        (header.width, header.height) = (UInt32(photo.width), UInt32(photo.height))
        (header.bit_depth, header.color_type) = (8, UInt8(SPNG_COLOR_TYPE_TRUECOLOR.rawValue))
        var (length, status) = (0, Int32(0))
        guard spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1) == 0,
            spng_set_option(context, SPNG_FILTER_CHOICE, Int32(filter.rawValue)) == 0,
            spng_set_ihdr(context, &header) == 0,
            spng_encode_image(
                context,
                photo.samples,
                photo.samples.count,
                Int32(SPNG_FMT_PNG.rawValue),
                Int32(SPNG_ENCODE_FINALIZE.rawValue)
            ) == 0,
            let file = spng_get_png_buffer(context, &length, &status)
        else { throw ExitCode.failure }
        free(file)
        return length
    }
}
