import Testing

@testable import SocketIO

@Suite("The output queue") struct OutputQueueTests {
    @Test("Bytes leave in order, however they were put in and taken out")
    func order() {
        var queue = OutputQueue()
        var expected: [UInt8] = []
        for (index, size) in [1, 5000, 4096, 0, 70_000, 70_000, 2, 3].enumerated() {
            let bytes = [UInt8](repeating: UInt8(index), count: size)
            queue.append(bytes)
            expected += bytes
        }
        var left: [UInt8] = []
        while let piece = queue.withFirst({ Array($0.prefix(3001)) }) {
            left += piece
            queue.consume(piece.count)
        }
        #expect(left == expected)
        #expect(queue.isEmpty)
    }

    @Test("Small pieces leave together, large ones are not copied into one")
    func joining() {
        var queue = OutputQueue()
        queue.append([UInt8](repeating: 1, count: 200))
        queue.append([UInt8](repeating: 2, count: 60_000))
        #expect(queue.withFirst { $0.count } == 60_200)
        queue.append([UInt8](repeating: 3, count: 60_000))
        #expect(queue.withFirst { $0.count } == 60_200)
    }
}
