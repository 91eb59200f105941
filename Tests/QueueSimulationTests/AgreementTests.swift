import Foundation
import JobModel
import Queue
import SQLiteStore
import StoreHarness
import Testing

@testable import QueueSimulation

/// The simulated rows against those of the product's store, through the same random days.
@Suite struct AgreementTests {
    /// An image as both name it: the number of its job, from 1 in the order of creation, and its
    /// own.
    private struct Name: Hashable {
        let job: Int
        let number: Int
    }

    /// A claim in both.
    private struct Held {
        let name: Name
        let simulated: Int
        let real: ClaimedImage
    }

    /// A store and simulated rows that are told the same.
    private final class Both {
        let clock = TestClock()
        let store: any Store
        let folder: URL
        let mix = PhotoMix(megapixels: 0.3...2, smallShare: 0.5)
        var queue: SimulatedQueue
        var tenants: [APIKeyID] = []
        var numbers: [JobIdentifier: Int] = [:]
        var simulatedNumbers: [UInt64: Int] = [:]
        var held: [Held] = []
        var random: SeededRandom

        init(seed: UInt64, tenants count: Int) async throws {
            folder = FileManager.default.temporaryDirectory
                .appendingPathComponent("agreement-" + UUID().uuidString)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            store = try SQLiteStore(
                path: folder.path + "/palimpsest.sqlite",
                generatorVersion: 1,
                now: { [clock] in clock.now }
            )
            queue = SimulatedQueue(tenants: count, mix: mix)
            random = SeededRandom(seed: seed)
            for number in 0..<count { tenants.append(try await store.tenant("tenant \(number)")) }
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        var now: Microseconds { clock.now * 1000 }

        func below(_ count: Int) -> Int { Int(random.unit() * Double(count)) }

        func submit() async throws {
            let sent = SentJob(
                tenant: below(tenants.count),
                images: 1 + below(12),
                isSmall: random.unit() < 0.5,
                priority: JobPriority.allCases[below(3)],
                seed: random.bits(),
                sentAt: now
            )
            let images = try (1...sent.images).map { number in
                let pixels = mix.pixels(isSmall: sent.isSmall, seed: sent.seed, number: number)
                let size = UInt64(mix.bytes(isSmall: sent.isSmall, pixels: pixels))
                let file = StoredBlob(sha256: blob("\(sent.seed) \(number)"), size: size)
                return NewImage(
                    label: try ClassLabel("cats"),
                    name: OutputName(numbered: number),
                    content: .stored(file),
                    pixels: Int(pixels)
                )
            }
            let new = NewJob(
                tenant: tenants[sent.tenant],
                settings: .standard,
                priority: sent.priority,
                retention: .seconds(100_000)
            )
            guard case .created(let job) = try await store.createJob(new, images: images) else {
                throw StoreError.corrupt("the job was not made")
            }
            queue.create(sent, now: now)
            numbers[job.id] = numbers.count + 1
            simulatedNumbers[sent.seed] = simulatedNumbers.count + 1
        }

        /// Claims in both and returns what each gave, codec by codec.
        func claim() async throws -> (simulated: [[Name]], real: [[Name]]) {
            let slots = 1 + below(5)
            let limit = 1 + below(8)
            var taken: [Int] = []
            _ = queue.claim(
                slots: slots,
                limit: limit,
                machine: 0,
                now: now,
                lease: .seconds(60),
                into: &taken
            )
            let real = try await store.claim(
                owner: worker(),
                lease: .seconds(60),
                slots: slots,
                limit: limit
            )
            let chains = taken.map { first in
                Array(
                    sequence(first: first) { claim in
                        let next = self.queue.claims[claim].next
                        return next >= 0 ? next : nil
                    }
                )
            }
            let simulated = chains.map { $0.map(name) }
            let names = real.map { $0.map { Name(job: numbers[$0.jobID] ?? 0, number: $0.number) } }
            if simulated == names {
                for (claims, others) in zip(chains, real) {
                    for (claim, other) in zip(claims, others) {
                        held.append(Held(name: name(claim), simulated: claim, real: other))
                    }
                }
            }
            return (simulated, names)
        }

        private func name(_ claim: Int) -> Name {
            let sent = queue.sent(queue.claims[claim])
            return Name(
                job: simulatedNumbers[sent.seed] ?? 0,
                number: queue.claims[claim].number
            )
        }

        /// Ends one claim in both and returns whether it counted in each.
        func finish() async throws -> (simulated: Bool, real: Bool) {
            guard !held.isEmpty else { return (true, true) }
            let claim = held.remove(at: below(held.count))
            let kind = below(10)
            // Many go back, so that jobs have suspects and others among what they have left.
            let event: ImageEvent = kind < 2 ? .crashed : kind < 6 ? .released : .protected
            let outcome: ImageOutcome =
                switch event {
                case .crashed: .crashed(reason: "a test")
                case .released: .released
                // The store does not look at a picture's name for its counts.
                default: .failed(ImageFailure(code: "test", detail: "A test."))
                }
            let effect = queue.end(claim.simulated, event, byWorker: true)
            let counted = try await store.finish([(claim.real, outcome)])
            if case .lost = effect { return (false, counted == [true]) }
            return (true, counted == [true])
        }

        /// Lets time pass and takes back what ran out, in both; returns how much.
        func lapse() async throws -> (simulated: Int, real: Int) {
            clock.advance(by: .seconds(below(40)))
            var count = 0
            for claim in held where queue.claims[claim.simulated].standing == .held {
                guard queue.claims[claim.simulated].leaseUntil <= now else { continue }
                _ = queue.end(claim.simulated, .interrupted, byWorker: false)
                count += 1
            }
            return (count, try await store.rescueExpired())
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func `The simulated rows give the images that the product's store gives`(
        seed: UInt64
    ) async throws {
        let both = try await Both(seed: seed, tenants: 4)
        var claimed = 0
        for step in 0..<400 {
            switch both.below(10) {
            case 0, 1: try await both.submit()
            case 2, 3, 4:
                let (simulated, real) = try await both.claim()
                try #require(simulated == real, "step \(step)")
                claimed += real.reduce(0) { $0 + $1.count }
            case 5, 6, 7, 8:
                let (simulated, real) = try await both.finish()
                try #require(simulated == real, "step \(step)")
            default:
                let (simulated, real) = try await both.lapse()
                try #require(simulated == real, "step \(step)")
            }
        }
        #expect(claimed > 200)
    }
}
