import Imaging
import JobModel
import POSIX
import Testing

@testable import Protection

@Suite("A photo in bands", .timeLimit(.minutes(10)))
struct BandsTests {
    private static let team = ThreadTeam(name: "helper", helpers: 2)

    /// Bands on a number of threads, and one that runs them backwards.
    private static let runners =
        [2, 3].map { threads in
            BandRunner(threads: threads) { team.run($0, threads: threads, $1) }
        } + [
            BandRunner(threads: 2) { count, body in
                for index in (0..<count).reversed() { body(index) }
            }
        ]

    private static func wide(_ photo: Photo) -> Photo {
        Photo(
            width: photo.width,
            height: photo.height,
            layout: photo.layout,
            depth: .sixteen,
            samples: photo.samples.flatMap { [$0, $0 ^ 0x5A] }
        )
    }

    /// Sizes of one band and of several, the last of which may be shorter than a window.
    private static let sizes = [(1, 1), (2, 9), (33, 21), (61, 255), (57, 261), (45, 700)]

    @Test("What is released and measured does not depend on the threads", arguments: sizes)
    func releasesAlike(width: Int, height: Int) throws {
        let delta = Material.noise(width: 20, height: 30, seed: 5)
        for layout in PixelLayout.allCases {
            let narrow = Material.photo(width: width, height: height, layout: layout)
            for photo in [narrow, Self.wide(narrow)] {
                func released(_ bands: BandRunner, dithers: Bool) -> (Photo, ImageQuality) {
                    var photo = photo
                    let quality = Release.apply(
                        delta: delta,
                        to: &photo,
                        strength: 8,
                        clip: true,
                        dithers: dithers,
                        bands: bands
                    )
                    return (photo, quality)
                }
                for dithers in [false, true] {
                    let expected = released(.serial, dithers: dithers)
                    #expect(expected.1 == ImageQuality(photo, expected.0))
                    for bands in Self.runners {
                        let found = released(bands, dithers: dithers)
                        #expect(found.0 == expected.0 && found.1 == expected.1)
                    }
                }
                for bands in Self.runners {
                    #expect(
                        photo.planarRGB(scaledTo: 31, height: 77, bands: bands)
                            == photo.planarRGB(scaledTo: 31, height: 77)
                    )
                }
            }
        }
    }

    private static func files() throws -> [[UInt8]] {
        var files = try [
            "e2e/fixtures/parrots.jpg", "e2e/fixtures/hats.png",
            "ImagingTests/Fixtures/palette_alpha.png", "ImagingTests/Fixtures/cmyk_turned.jpg",
        ].map(Material.file)
        for (width, height) in [(2, 2), (301, 607)] {
            for layout in PixelLayout.allCases {
                let photo = Material.photo(width: width, height: height, layout: layout)
                files.append(try PNGEncoder.encode(photo))
                files.append(try PNGEncoder.encode(wide(photo)))
                guard !layout.hasAlpha else { continue }
                files.append(try JPEGEncoder.encode(photo, quality: 90, halvesChroma: true))
            }
        }
        return files
    }

    @Test("The file and the report do not depend on the threads")
    func protectsAlike() throws {
        let protectors = [
            try Material.protector(),
            try Material.protector(metadata: ["photo_mask": "perceptual"]),
        ]
        let settings = [
            ProtectionSettings.standard, try ProtectionSettings(mode: .classWise, mask: .photo),
            try ProtectionSettings(workingSize: 64, output: OutputSettings(maxSide: 200)),
        ]
        for file in try Self.files() {
            for (protector, settings) in zip(
                [protectors[0], protectors[1], protectors[1]],
                settings
            ) {
                let expected = try protector.protect(file, settings)
                for bands in Self.runners {
                    let found = try protector.protect(file, settings, bands: bands)
                    #expect(found.file == expected.file && found.report == expected.report)
                }
            }
        }
    }

    @Test("A failure does not depend on the threads, not even where two parts fail")
    func failsAlike() throws {
        let photo = try Material.file("e2e/fixtures/parrots.jpg")
        let protector = try Material.protector()
        for input in [Array(photo.prefix(1000)), photo] {
            let failure = try #require(
                #expect(throws: ImageFailure.self) {
                    try protector.protect(input, imported: [1, 2, 3])
                }
            )
            for bands in Self.runners {
                #expect(throws: failure) {
                    try protector.protect(input, imported: [1, 2, 3], bands: bands)
                }
            }
        }
    }
}
