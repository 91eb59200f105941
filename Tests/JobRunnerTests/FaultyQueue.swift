import JobModel
import Queue
import Synchronization

/// A store that writes no result down until it is told to.
final class FaultyQueue: WorkQueue {
    private struct State {
        var fault: StoreError?
        var refused = 0
    }

    private let store: any Store
    private let state: Mutex<State>

    init(over store: any Store, failingWith fault: StoreError) {
        self.store = store
        state = Mutex(State(fault: fault))
    }

    /// How often results could not be written down.
    var refused: Int { state.withLock { $0.refused } }

    /// Ends the fault.
    func heal() { state.withLock { $0.fault = nil } }

    @discardableResult
    func finish(_ outcomes: [(ClaimedImage, ImageOutcome)]) async throws(StoreError) -> [Bool] {
        let fault = state.withLock { state in
            if state.fault != nil { state.refused += 1 }
            return state.fault
        }
        if let fault { throw fault }
        return try await store.finish(outcomes)
    }

    // MARK: - As ever

    func claim(
        owner: WorkerOwner,
        lease: Duration,
        slots: Int,
        limit: Int
    ) async throws(StoreError) -> [[ClaimedImage]] {
        try await store.claim(owner: owner, lease: lease, slots: slots, limit: limit)
    }

    func heartbeat(claims: [ClaimedImage], lease: Duration) async throws(StoreError) -> [Bool] {
        try await store.heartbeat(claims: claims, lease: lease)
    }

    @discardableResult
    func reclaim(
        previousRunsOf instance: String,
        currentRun run: String?
    ) async throws(StoreError) -> Int {
        try await store.reclaim(previousRunsOf: instance, currentRun: run)
    }

    @discardableResult
    func rescueExpired(
        sparing claims: [ClaimedImage],
        lease: Duration
    ) async throws(StoreError) -> Int {
        try await store.rescueExpired(sparing: claims, lease: lease)
    }

    @discardableResult
    func endImpossibleWaits() async throws(StoreError) -> Int {
        try await store.endImpossibleWaits()
    }

    var workMark: WorkMark { store.workMark }

    func waitForWork(after mark: WorkMark, atMost timeout: Duration) async throws(StoreError) {
        try await store.waitForWork(after: mark, atMost: timeout)
    }

    var leaseMark: WorkMark { store.leaseMark }

    func waitForRevocation(after mark: WorkMark, atMost timeout: Duration) async {
        await store.waitForRevocation(after: mark, atMost: timeout)
    }
}
