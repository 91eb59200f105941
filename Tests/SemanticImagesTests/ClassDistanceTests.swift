import Glibc
import Imaging
import Testing

@testable import SemanticImages

/// How much alike the images of two classes are, by their power spectra.
///
/// Two classes whose images have one spectrum would protect as one class. Spectra are compared up
/// to a mirror image, since trainers mirror photos.
@Suite struct ClassDistanceTests {
    private static let side = 64
    private static let families: [UInt64] = [1, 77]
    private static let classes = 0..<8

    @Test func imagesOfOneClassAreAlikeAndThoseOfTwoAreNot() throws {
        let spectra = try Self.families.flatMap { family in
            try Self.classes.map { try Self.spectra(family: family, classIndex: $0, texture: 9) }
        }
        let another = try Self.spectra(family: 1, classIndex: 0, texture: 12_345)
        #expect(Self.similarity(spectra[0], another) > 0.95)
        for first in spectra.indices {
            for second in spectra.indices where second > first {
                let similarity = Self.similarity(spectra[first], spectra[second])
                let (one, other) = (Self.name(first), Self.name(second))
                #expect(similarity < 0.65, "\(one) and \(other) are alike")
            }
        }
    }

    private static func name(_ position: Int) -> String {
        "class \(position % classes.count) of family \(families[position / classes.count])"
    }

    // MARK: - Spectra

    /// The blurred power spectra of green and blue, each of length 1.
    private static func spectra(
        family: UInt64,
        classIndex: Int,
        texture: UInt64
    ) throws -> [[Double]] {
        let image = try SemanticImageGenerator.image(
            familySeed: family,
            classIndex: classIndex,
            textureSeed: texture,
            width: side,
            height: side
        )
        let size = side * side
        return [1, 2].map { channel in
            let samples = image.samples[channel * size..<(channel + 1) * size].map(Double.init)
            return normalized(blurred(folded(power(of: samples))))
        }
    }

    /// The mean over both channels of the cosine between two spectra, from 0 to 1.
    private static func similarity(_ one: [[Double]], _ other: [[Double]]) -> Double {
        let cosines = zip(one, other).map { zip($0, $1).reduce(0) { $0 + $1.0 * $1.1 } }
        return cosines.reduce(0, +) / Double(cosines.count)
    }

    /// The power at each frequency but zero, by the definition of the discrete Fourier transform.
    private static func power(of samples: [Double]) -> [Double] {
        let cosines = (0..<side).map { cos(2 * Double.pi * Double($0) / Double(side)) }
        let sines = (0..<side).map { sin(2 * Double.pi * Double($0) / Double(side)) }
        func transformedRows(_ real: [Double], _ imaginary: [Double]) -> ([Double], [Double]) {
            var (outReal, outImaginary) = (real, imaginary)
            for row in stride(from: 0, to: side * side, by: side) {
                for frequency in 0..<side {
                    var (sumReal, sumImaginary) = (0.0, 0.0)
                    for place in 0..<side {
                        let angle = frequency * place % side
                        let (re, im) = (real[row + place], imaginary[row + place])
                        sumReal += re * cosines[angle] + im * sines[angle]
                        sumImaginary += im * cosines[angle] - re * sines[angle]
                    }
                    // Transposed, so that the columns are next.
                    outReal[frequency * side + row / side] = sumReal
                    outImaginary[frequency * side + row / side] = sumImaginary
                }
            }
            return (outReal, outImaginary)
        }
        let (rowsReal, rowsImaginary) = transformedRows(samples, samples.map { _ in 0 })
        let (real, imaginary) = transformedRows(rowsReal, rowsImaginary)
        var power = zip(real, imaginary).map { $0 * $0 + $1 * $1 }
        power[0] = 0
        return power
    }

    /// The spectrum and its mirror image, added.
    private static func folded(_ spectrum: [Double]) -> [Double] {
        spectrum.indices.map { index in
            let (row, column) = (index / side, index % side)
            return spectrum[index] + spectrum[row * side + (side - column) % side]
        }
    }

    /// Sums of three by three neighbours, so that waves a fraction of a frequency apart count as alike.
    private static func blurred(_ spectrum: [Double]) -> [Double] {
        spectrum.indices.map { index in
            let (row, column) = (index / side, index % side)
            return [-1, 0, 1].reduce(0) { sum, down in
                [-1, 0, 1].reduce(sum) { sum, right in
                    let place = (row + down + side) % side * side + (column + right + side) % side
                    return sum + spectrum[place]
                }
            }
        }
    }

    private static func normalized(_ spectrum: [Double]) -> [Double] {
        let length = sqrt(spectrum.reduce(0) { $0 + $1 * $1 })
        return spectrum.map { $0 / length }
    }
}
