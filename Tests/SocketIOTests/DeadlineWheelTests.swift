import Testing

@testable import SocketIO

@Suite("The deadline wheel") struct DeadlineWheelTests {
    @Test("Keys expire at their tick, once")
    func expiry() {
        var wheel = DeadlineWheel<String>(now: 100, slotCount: 8)
        wheel.set("a", to: 103)
        wheel.set("b", to: 105)
        #expect(wheel.advance(to: 102) == [])
        #expect(wheel.advance(to: 103) == ["a"])
        #expect(wheel.advance(to: 104) == [])
        #expect(wheel.advance(to: 110) == ["b"])
        #expect(wheel.isEmpty)
    }

    @Test("Deadlines move back and forth, go, and may lie in the past")
    func moving() {
        var wheel = DeadlineWheel<String>(now: 0, slotCount: 8)
        wheel.set("later", to: 2)
        wheel.set("later", to: 6)
        wheel.set("earlier", to: 6)
        wheel.set("earlier", to: 2)
        wheel.set("gone", to: 2)
        wheel.remove("gone")
        wheel.set("past", to: -5)
        #expect(wheel.advance(to: 1) == ["past"])
        #expect(wheel.advance(to: 2) == ["earlier"])
        #expect(wheel.advance(to: 5) == [])
        #expect(wheel.advance(to: 6) == ["later"])
    }

    @Test("Deadlines beyond one round, and none at all")
    func farAway() {
        var wheel = DeadlineWheel<String>(now: 0, slotCount: 8)
        wheel.set("far", to: 1000)
        wheel.set("never", to: .max)
        for tick in 1..<1000 { #expect(wheel.advance(to: tick) == []) }
        #expect(wheel.advance(to: 1000) == ["far"])
        #expect(!wheel.isEmpty)
    }

    @Test("A clock that jumps misses nobody, whatever the order of setting")
    func jump() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var wheel = DeadlineWheel<Int>(now: 0, slotCount: 8)
            var model: [Int: Int] = [:]
            var now = 0
            for _ in 0..<100 {
                let key = Int.random(in: 0..<10, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0, 1:
                    let deadline = now + Int.random(in: 1..<40, using: &generator)
                    wheel.set(key, to: deadline)
                    model[key] = deadline
                case 2:
                    wheel.remove(key)
                    model[key] = nil
                default:
                    now += Int.random(in: 0..<20, using: &generator)
                    let due = model.filter { $0.value <= now }.keys
                    #expect(Set(wheel.advance(to: now)) == Set(due))
                    for key in due { model[key] = nil }
                }
            }
        }
    }
}
