import Testing

@testable import HTTPAPI

@Suite("Ids of events") struct EventCursorTests {
    @Test(
        "An id is read as it was written",
        arguments: [0, 1, 17, 999_999_999_999_999_999] as [Int64],
        [false, true]
    )
    func roundTrip(ending: Int64, hasEnd: Bool) {
        let cursor = EventCursor(ending: ending, hasEnd: hasEnd)
        #expect(cursor.description == (hasEnd ? "\(ending).end" : "\(ending)"))
        #expect(EventCursor(cursor.description) == cursor)
    }

    @Test(
        "What no event has as its id is refused",
        arguments: [
            "", ".end", "1.END", "1.end.end", "-1", "+1", "1 ", " 1", "0x1", "١", "1e3",
            "1000000000000000000",
        ]
    )
    func refused(text: String) {
        #expect(EventCursor(text) == nil)
    }
}
