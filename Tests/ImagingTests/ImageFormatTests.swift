import Testing

@testable import Imaging

@Suite("Image formats")
struct ImageFormatTests {
    @Test(
        "The first bytes tell the format",
        arguments: [
            ([0xFF, 0xD8, 0xFF, 0xE0], ImageFormat.jpeg),
            ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], .png),
            (Array("GIF89a\u{1}".utf8), .gif),
            (Array("GIF87a".utf8), .gif),
            (Array("RIFF\u{1}\u{2}\u{3}\u{4}WEBPVP8 ".utf8), .webp),
            (Array("RIFF\u{1}\u{2}\u{3}\u{4}WAVEfmt ".utf8), .unknown),
            (Array("\0\0\0\u{18}ftypheic\0\0\0\0mif1heic".utf8), .heic),
            (Array("\0\0\0\u{18}ftypmif1\0\0\0\0mif1avif".utf8), .avif),
            (Array("\0\0\0\u{18}ftypmp42\0\0\0\0isommp42".utf8), .unknown),
            (Array("II*\0".utf8), .tiff),
            (Array("MM\0*".utf8), .tiff),
            ([0x42, 0x4D, 0x36, 0x10, 0, 0, 0, 0, 0, 0, 0x36, 0], .bmp),
            (Array("BMW is a maker of cars".utf8), .unknown),
            ([0xFF, 0x0A, 0xFA], .jxl),
            ([0, 0, 0, 0x0C, 0x4A, 0x58, 0x4C, 0x20, 0x0D, 0x0A, 0x87, 0x0A], .jxl),
            ([], .unknown),
            ([0xFF], .unknown),
        ] as [([UInt8], ImageFormat)]
    )
    func detect(bytes: [UInt8], format: ImageFormat) {
        #expect(ImageFormat.detect(bytes) == format)
    }
}
