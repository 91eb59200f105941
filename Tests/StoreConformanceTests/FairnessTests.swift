import JobModel
import Queue
import StoreHarness
import Testing

@Suite struct FairnessTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    /// Of one megapixel.
    private static let photo: UInt64 = 4_000_000

    /// Claims and finishes, one image after the other, as a single codec does.
    private func work(_ store: any Store, times: Int) async throws -> [JobIdentifier] {
        var order: [JobIdentifier] = []
        for _ in 0..<times {
            for claim in try await store.claim(owner: worker()) {
                order.append(claim.jobID)
                #expect(try await store.finish(claim, done(claim)))
            }
        }
        return order
    }

    @Test func `One image of a key is next when a codec frees, whatever another key has queued`()
        async throws
    {
        let store = try test.open()
        let (flooder, guest) = (try await store.tenant(), try await store.tenant())
        let flood = try await store.job(flooder, sizes: Array(repeating: Self.photo, count: 5000))
        #expect(try await work(store, times: 10) == Array(repeating: flood.id, count: 10))
        // Three codecs are at work for the flood when the guest comes.
        var claims: [ClaimedImage] = []
        for number in 0..<3 { claims += try await store.claim(owner: worker(number)) }
        test.clock.advance(by: .seconds(60))
        let single = try await store.job(guest, sizes: [Self.photo])
        #expect(try await store.finish(claims[1], done(claims[1])))
        #expect(try await store.claim(owner: worker(1)).map(\.jobID) == [single.id])
    }

    @Test func `The same with one codec, which has nothing running when it is free`() async throws {
        let store = try test.open()
        let (flooder, guest) = (try await store.tenant(), try await store.tenant())
        let flood = try await store.job(flooder, sizes: Array(repeating: Self.photo, count: 5000))
        #expect(try await work(store, times: 3).count == 3)
        test.clock.advance(by: .seconds(60))
        let single = try await store.job(guest, sizes: [Self.photo])
        #expect(try await work(store, times: 2) == [single.id, flood.id])
    }

    @Test func `Keys share by pixels, not by images`() async throws {
        let store = try test.open()
        let (large, small) = (try await store.tenant(), try await store.tenant())
        let few = try await store.job(large, sizes: Array(repeating: 10 * Self.photo, count: 100))
        let many = try await store.job(small, sizes: Array(repeating: Self.photo, count: 100))
        let order = try await work(store, times: 55)
        #expect(order.count { $0 == few.id } == 5 && order.count { $0 == many.id } == 50)
    }

    @Test func `What a key has had outlives the process`() async throws {
        let store = try test.open()
        let (one, other) = (try await store.tenant(), try await store.tenant())
        let first = try await store.job(one, sizes: Array(repeating: Self.photo, count: 5))
        let second = try await store.job(other, sizes: Array(repeating: Self.photo, count: 5))
        #expect(try await work(store, times: 1) == [first.id])
        #expect(try await work(test.open(), times: 2) == [second.id, first.id])
    }

    @Test func `Within a key an urgent job overtakes, and one that can wait comes last`()
        async throws
    {
        let store = try test.open()
        let tenant = try await store.tenant()
        let low = try await store.job(tenant, sizes: [Self.photo, Self.photo], priority: .low)
        let normal = try await store.job(tenant, sizes: [Self.photo, Self.photo])
        test.clock.advance(by: .seconds(600))
        let high = try await store.job(tenant, sizes: [Self.photo, Self.photo], priority: .high)
        let order = try await work(store, times: 6)
        #expect(order == [high.id, high.id, normal.id, normal.id, low.id, low.id])
        #expect(try await store.job(high.id, tenant: tenant)?.priority == .high)
    }

    @Test func `No stream of urgent jobs keeps one that can wait from its turn`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let low = try await store.job(tenant, sizes: [Self.photo], priority: .low)
        var rounds = 0
        while true {
            rounds += 1
            try #require(rounds < 20, "it starves")
            // An hour passes, and before the codec is free the next urgent job is there.
            test.clock.advance(by: .seconds(3600))
            try await store.job(tenant, sizes: [Self.photo], priority: .high)
            if try await work(store, times: 1) == [low.id] { break }
        }
        #expect(rounds > 4, "it has waited for urgent ones")
    }

    @Test func `A priority overtakes nobody else's job`() async throws {
        let store = try test.open()
        let (one, other) = (try await store.tenant(), try await store.tenant())
        let urgent = try await store.job(
            one,
            sizes: Array(repeating: Self.photo, count: 3),
            priority: .high
        )
        let patient = try await store.job(
            other,
            sizes: Array(repeating: Self.photo, count: 3),
            priority: .low
        )
        let order = try await work(store, times: 4)
        #expect(order == [urgent.id, patient.id, urgent.id, patient.id])
    }

    @Test func `An image that waits after a fault does not hold up those behind it`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let first = try await store.job(tenant, sizes: [Self.photo])
        let second = try await store.job(tenant, sizes: [Self.photo])
        let claim = try #require(try await store.claim(owner: worker()).first)
        #expect(claim.jobID == first.id)
        try await store.finish(claim, .retry(ioFault))
        #expect(try await work(store, times: 1) == [second.id])
        test.clock.advance(by: .seconds(2))
        #expect(try await work(store, times: 1) == [first.id])
    }

    /// Bytes may be few and pixels many, as of a drawing; then it is no small image.
    @Test func `What is small is told by pixels as well as by bytes`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let images = try [65_536, 65_537, 65_536, 65_536].enumerated().map { index, pixels in
            NewImage(
                label: try ClassLabel("cats"),
                name: OutputName(numbered: index + 1),
                content: .stored(StoredBlob(sha256: blob("\(index)"), size: 10)),
                pixels: pixels
            )
        }
        _ = try await store.createJob(
            NewJob(tenant: tenant, settings: .standard, retention: .zero),
            images: images
        )
        #expect(try await store.claim(owner: worker()).map(\.number) == [1, 3, 4])
        let large = try await store.claim(owner: worker())
        #expect(large.map(\.number) == [2] && large.map(\.pixels) == [65_537])
    }
}
