import CKernels
import DeepHiding
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

    @Test("The mask and the network do not depend on the threads")
    func computesAlike() throws {
        let weights = try Material.file("DeepHidingTests/Fixtures/random-weights.safetensors")
        let network = try HidingNetwork(weights: weights)
        for (width, height) in [(2, 2), (33, 41), (341, 256), (256, 341), (700, 40)] {
            let cover = Material.noise(width: width, height: height, seed: 1)
            let secret = network.prepare(Material.noise(width: width, height: height, seed: 2))
            let (hidden, budget) = (
                network.hide(cover: cover, secret: secret), PerceptualBudget(of: cover)
            )
            for bands in Self.runners {
                #expect(network.hide(cover: cover, secret: secret, bands: bands) == hidden)
                #expect(PerceptualBudget(of: cover, bands: bands).amplitudes == budget.amplitudes)
            }
        }
    }

    @Test("The mask has the same bits with every instruction set")
    func masksAlike() {
        let (width, height) = (37, 5)
        let cover = Material.noise(width: width, height: height, seed: 1)
        let (curve, count) = (ColorDifference.shared.curve.points, width * height)
        let all = InstructionSet.allCases.filter(\.isSupported).map { set in
            var parts = [[Float]](repeating: [Float](repeating: 0, count: count), count: 3)
            cover.samples.withUnsafeBufferPointer { samples in
                guard let red = samples.baseAddress else { return }
                let (green, blue) = (red + count, red + 2 * count)
                var (one, two, three) = (parts[0], parts[1], parts[2])
                plm_color_differences(
                    set.kernel,
                    curve,
                    red,
                    green,
                    blue,
                    count,
                    &one,
                    &two,
                    &three
                )
                parts = [one, two, three]
            }
            return parts
        }
        #expect(all.allSatisfy { $0 == all[0] } && all[0].joined().allSatisfy { $0 > 0 })
    }

    private static func files() throws -> [[UInt8]] {
        var files = try [
            "e2e/fixtures/parrots.jpg", "e2e/fixtures/hats.png",
            "ImagingTests/Fixtures/palette_alpha.png", "ImagingTests/Fixtures/cmyk_turned.jpg",
        ].map(Material.file)
        for (width, height) in [(2, 2), (61, 607)] {
            for layout in PixelLayout.allCases {
                let photo = Material.photo(width: width, height: height, layout: layout)
                files.append(try PNGEncoder.encode(photo))
                files.append(try PNGEncoder.encode(wide(photo)))
                guard !layout.hasAlpha else { continue }
                files.append(try JPEGEncoder.encode(photo, quality: 90, halvesChroma: true))
            }
        }
        // Of three bands as a PNG.
        let large = Material.photo(width: 301, height: 607, layout: .rgb)
        return files + [try PNGEncoder.encode(wide(large))]
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
