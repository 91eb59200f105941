import Testing

@testable import HTTPServer

@Suite("Identifiers of requests") struct RequestIDTests {
    @Test("They are sixteen lower-case hexadecimal digits, and none repeats")
    func distinct() {
        let identifiers = (0..<100_000).map { _ in RequestID.next() }
        #expect(Set(identifiers).count == identifiers.count)
        let digits = Set("0123456789abcdef")
        #expect(identifiers.allSatisfy { $0.count == 16 && digits.isSuperset(of: $0) })
        // Neighbours have nothing in common.
        let firsts = Set(identifiers.prefix(1000).map { $0.prefix(4) })
        #expect(firsts.count > 900)
    }
}
