import FoundationEssentials
import Imaging
import Methods
import Testing

@testable import FittedMethods

/// Weights files of fitted methods that are not sound.
@Suite struct FittedWeightsTests {
    @Test(arguments: [
        (#"\"ant\", \"bee\""#, #"\"ant\", \"ant\""#, "classes"),
        (#"[\"ant\""#, #"{\"ant\""#, "classes"),
        (#""format_version":"1""#, #""format_version":"7""#, "format_version"),
        (#""working_size":"64""#, #""working_size":"-4""#, "working_size"),
        (#""noise_steps":"10""#, #""noise_steps":"-1""#, "noise_steps"),
        (#""radius":"4""#, #""radius":"x""#, "radius"),
        (#""draws":"5""#, #""draws":" ""#, "draws"),
        ("stages.1.shortcut.bias", "stages.1.shortcut.bear", "stages.1.shortcut.bias"),
        ("head.weight", "head.heavy!", "head.weight"),
    ])
    func `what is wrong is named`(text: String, other: String, name: String) throws {
        let error = try #require(throws: WeightsError.self) {
            try StableErrorMinimization(
                weights: Fixtures.file("sem.safetensors", replacing: text, by: other),
                limits: ImageLimits()
            )
        }
        #expect(error.detail.contains(name), "\(error)")
    }
}
