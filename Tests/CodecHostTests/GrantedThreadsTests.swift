import CodecHarness
import CodecProtocol
import JobModel
import POSIX
import Testing

@testable import CodecHost

@Suite("The threads that a pool grants", .timeLimit(.minutes(5)))
struct GrantedThreadsTests {
    /// The header of a PNG of a size; no more is read of it.
    private static func png(side: Int) -> CodecImage {
        let number = (0..<4).reversed().map { UInt8(truncatingIfNeeded: side >> (8 * $0)) }
        return Material.image(
            [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8)
                + number + number + [8, 2, 0, 0, 0]
        )
    }

    private static let (large, small) = (png(side: 1000), png(side: 700))
    /// What a large picture gets of two free cores.
    private static let both = ThreadTeam.usableProcessors > 1 ? "2" : "None"

    /// What requests to a codec say of threads; `None` if nothing.
    private func threads(_ codec: CodecProcess, _ images: [CodecImage]) async -> [String] {
        await codec.protect(images).map { outcome in
            if case .failed(let failure) = outcome { failure.detail } else { "\(outcome)" }
        }
    }

    private func configuration(cores: Int?) -> CodecConfiguration {
        var configuration = Material.fakeCodec("says-threads")
        configuration.cores = cores
        return configuration
    }

    @Test("A large picture alone gets the free cores; small ones and several get one thread")
    func grantsFreeCores() async throws {
        for (cores, expected) in [(2, Self.both), (1, "None"), (nil, "None")] {
            try await Material.withPool(configuration(cores: cores)) { pool in
                try await pool.withCodec { codec in
                    #expect(await threads(codec, [Self.large]) == [expected])
                    #expect(await threads(codec, [Self.small]) == ["None"])
                    #expect(await threads(codec, [Material.image()]) == ["None"])
                    #expect(await threads(codec, [Self.large, Self.large]) == ["None", "None"])
                }
            }
        }
    }

    @Test("A process without work lends its core; one that has some or is promised some does not")
    func lendsIdleCores() async throws {
        try await Material.withPool(configuration(cores: nil), count: 2) { pool in
            try await pool.withCodec { codec in
                #expect(await threads(codec, [Self.large]) == [Self.both])
                try await pool.withCodec { other in
                    // Who has borrowed a process may find no work for it.
                    #expect(await threads(codec, [Self.large]) == [Self.both])
                    pool.expectWork(of: other)
                    #expect(await threads(codec, [Self.large]) == ["None"])
                }
                #expect(await threads(codec, [Self.large]) == [Self.both])
                // And the loan does not keep the other from working.
                try await pool.withCodec { other in
                    #expect(await threads(other, [Self.large]) == ["None"])
                }
            }
        }
    }
}
