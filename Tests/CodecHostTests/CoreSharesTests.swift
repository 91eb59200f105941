import Testing

@testable import CodecHost

@Suite("Who gets the cores of a pool")
struct CoreSharesTests {
    @Test("A large picture gets the cores that nobody uses, at most four threads")
    func lendsCores() {
        for (cores, count, threads) in [(1, 1, 1), (1, 4, 1), (2, 2, 2), (3, 8, 3), (8, 8, 4)] {
            var shares = CoreShares(cores: cores, count: count)
            #expect(shares.grant(to: 0, isLarge: true) == threads)
            #expect(shares.threads[0] == threads)
        }
    }

    @Test("A small picture gets one thread")
    func keepsSmallOnesAlone() {
        var shares = CoreShares(cores: 4, count: 4)
        #expect(shares.grant(to: 2, isLarge: false) == 1)
        // And what it leaves is lent.
        #expect(shares.grant(to: 0, isLarge: true) == 3)
    }

    @Test("Whoever works or is about to keeps its core, and nobody waits for one that is lent")
    func sharesFairly() {
        var shares = CoreShares(cores: 3, count: 3)
        shares.expectWork(of: 1)
        #expect(shares.grant(to: 0, isLarge: true) == 2)
        #expect(shares.grant(to: 1, isLarge: true) == 1)
        #expect(shares.grant(to: 2, isLarge: true) == 1)
        // The loan ends with the picture.
        shares.takeBack(from: 0)
        #expect(shares.threads == [0, 1, 1])
        #expect(shares.grant(to: 0, isLarge: true) == 1)
        shares.takeBack(from: 1)
        shares.takeBack(from: 2)
        // Another picture for the same process is decided anew.
        #expect(shares.grant(to: 0, isLarge: true) == 3)
    }
}
