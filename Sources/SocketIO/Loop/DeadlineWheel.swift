/// A hashed timer wheel of deadlines in ticks, which are cheap to postpone.
///
/// Postponing a deadline, which every request does, only changes a number. The entry moves when its
/// old slot comes up.
struct DeadlineWheel<Key: Hashable & Sendable>: Sendable {
    private struct Entry {
        var deadline: Int
        /// The tick in whose slot the key is queued.
        var queued: Int
    }

    private var entries: [Key: Entry] = [:]
    private var slots: [[Key]]
    private var now: Int

    init(now: Int, slotCount: Int = 256) {
        self.now = now
        slots = Array(repeating: [], count: slotCount)
    }

    var isEmpty: Bool { entries.isEmpty }

    /// Sets the tick at which `key` expires; one in the past expires with the next advance.
    mutating func set(_ key: Key, to deadline: Int) {
        if let entry = entries[key], entry.queued <= deadline {
            entries[key] = Entry(deadline: deadline, queued: entry.queued)
        } else {
            enqueue(key, deadline: deadline)
        }
    }

    mutating func remove(_ key: Key) {
        entries[key] = nil
    }

    /// Advances to a tick and removes and returns the expired keys.
    mutating func advance(to tick: Int) -> [Key] {
        var expired: [Key] = []
        guard !entries.isEmpty else {
            now = max(now, tick)
            return []
        }
        // After a jump of more than one round, visit every slot only once.
        let first = max(now + 1, tick - slots.count + 1)
        guard first <= tick else { return [] }
        now = tick
        for slot in (first...tick).map({ $0 % slots.count }) {
            let keys = slots[slot]
            slots[slot] = []
            for key in keys {
                // Skip stale references of keys that were removed or queued elsewhere since.
                guard let entry = entries[key], entry.queued % slots.count == slot else { continue }
                if entry.queued > tick {
                    slots[slot].append(key)
                } else if entry.deadline <= tick {
                    entries[key] = nil
                    expired.append(key)
                } else {
                    enqueue(key, deadline: entry.deadline)
                }
            }
        }
        return expired
    }

    private mutating func enqueue(_ key: Key, deadline: Int) {
        let queued = min(max(deadline, now + 1), now + slots.count - 1)
        entries[key] = Entry(deadline: deadline, queued: queued)
        slots[queued % slots.count].append(key)
    }
}
