import Cryptography
import Imaging
import Testing

@testable import Protection

@Suite struct PixelDifferenceTests {
    private func photo(
        _ layout: PixelLayout,
        _ depth: SampleDepth,
        _ samples: [UInt8],
        profile: [UInt8]? = nil
    ) -> Photo {
        Photo(
            width: 13,
            height: 7,
            layout: layout,
            depth: depth,
            samples: samples,
            iccProfile: profile
        )
    }

    @Test(arguments: PixelLayout.allCases, SampleDepth.allCases)
    func `Whatever was added is taken away again to the last bit`(
        layout: PixelLayout,
        depth: SampleDepth
    ) throws {
        let count = 13 * 7 * layout.channels * depth.byteCount
        func random() -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255) } }
        // Any two pictures, so that every carry and every wrap is met.
        let (original, protected) = (photo(layout, depth, random()), photo(layout, depth, random()))
        let file = try PixelDifference.make(from: original, to: protected)
        let difference = try #require(PixelDifference(file))
        let restored = try #require(try difference.original(of: try PNGEncoder.encode(protected)))
        #expect(restored.samples == original.samples)
        #expect(restored.layout == layout && restored.depth == depth)
        #expect(difference.originalSHA256 == PixelDifference.hash(of: original))
    }

    /// A service that is not trusted delivers both.
    @Test func `Neither picture is given to another decoder than that of PNG`() throws {
        let original = photo(.rgb, .eight, [UInt8](repeating: 100, count: 273))
        let protected = photo(.rgb, .eight, [UInt8](repeating: 107, count: 273))
        let file = try PixelDifference.make(from: original, to: protected)
        // The decoder of JPEG would find it cut short.
        let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xD9]
        let first = #expect(throws: ImagingError.self) {
            try PixelDifference(file)?.original(of: jpeg)
        }
        #expect(first?.code == .unsupported)
        let other = try #require(PixelDifference(Array(file.prefix(32)) + jpeg))
        let second = #expect(throws: ImagingError.self) {
            try other.original(of: PNGEncoder.encode(protected))
        }
        #expect(second?.code == .unsupported)
    }

    @Test func `The difference has no metadata, which would turn it`() throws {
        let original = photo(.rgb, .eight, [UInt8](repeating: 100, count: 273))
        var protected = photo(.rgb, .eight, [UInt8](repeating: 107, count: 273))
        protected.metadata = PhotoMetadata(
            exif: Array(
                "MM\0*\0\0\0\u{8}\0\u{1}\u{1}\u{12}\0\u{3}\0\0\0\u{1}\0\u{6}\0\0\0\0\0\0".utf8
            )
        )
        let file = try PixelDifference.make(from: original, to: protected)
        #expect(try PhotoDecoder.decode(Array(file.dropFirst(32))).metadata == PhotoMetadata())
    }

    @Test func `Another picture, or another difference, gives nothing`() throws {
        let original = photo(.rgb, .eight, [UInt8](repeating: 100, count: 273))
        let protected = photo(.rgb, .eight, [UInt8](repeating: 107, count: 273))
        let file = try PixelDifference.make(from: original, to: protected)
        let difference = try #require(PixelDifference(file))
        var other = protected
        other.samples[5] += 1
        #expect(try difference.original(of: PNGEncoder.encode(other)) == nil)
        let gray = photo(.gray, .eight, [UInt8](repeating: 107, count: 91))
        #expect(try difference.original(of: PNGEncoder.encode(gray)) == nil)
        #expect(PixelDifference(Array(file.prefix(31))) == nil)
        #expect(throws: ImagingError.self) {
            try PixelDifference(Array(file.prefix(100)))?.original(of: PNGEncoder.encode(protected))
        }
    }
}
