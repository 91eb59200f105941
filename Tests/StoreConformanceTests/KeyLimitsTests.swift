import Cryptography
import Foundation
import JobModel
import Queue
import StoreHarness
import Testing

@Suite struct KeyLimitsTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    private func key(
        _ store: any Store,
        _ name: String = "a",
        scopes: Set<APIKeyScope> = [.submit, .read],
        quotas: APIKeyQuotas = APIKeyQuotas(),
        expiresAt: Int64? = nil
    ) async throws -> (key: APIKey, hash: SHA256Digest) {
        let secret = try APIKeySecret.generate()
        let key = try await store.createKey(
            name: name,
            scopes: scopes,
            quotas: quotas,
            expiresAt: expiresAt,
            hash: secret.hash,
            prefix: secret.prefix
        )
        return (key, secret.hash)
    }

    // MARK: - Scopes and expiry

    @Test func `A key is taken until its time, also when it is remembered`() async throws {
        let store = try test.open()
        let (key, hash) = try await key(store, expiresAt: test.clock.now + 1000)
        #expect(try await store.key(hash: hash) == key)
        test.clock.advance(by: .milliseconds(999))
        #expect(try await store.key(hash: hash) == key)
        test.clock.advance(by: .milliseconds(1))
        #expect(try await store.key(hash: hash) == nil)
        #expect(try await store.keys().map { $0.state(at: test.clock.now) } == [.expired])
        #expect(try await store.hasKey(hash: hash))
    }

    @Test func `The last use of a key is written at most every few minutes`() async throws {
        let store = try test.open()
        let (fresh, hash) = try await key(store)
        let first = test.clock.now
        store.noteUse(of: fresh)
        #expect(try await store.key(hash: hash)?.lastUsedAt == nil)
        try await store.saveKeyUses()
        #expect(try await store.key(hash: hash)?.lastUsedAt == first)
        let used = try #require(try await store.key(hash: hash))
        test.clock.advance(by: APIKey.useGranularity - .milliseconds(1))
        store.noteUse(of: used)
        try await store.saveKeyUses()
        #expect(try await store.key(fresh.id)?.lastUsedAt == first)
        test.clock.advance(by: .milliseconds(1))
        store.noteUse(of: used)
        try await store.saveKeyUses()
        #expect(try await store.key(fresh.id)?.lastUsedAt == test.clock.now)
    }

    // MARK: - Changes

    @Test func `A change sets, removes and keeps, and a revoked key stays as it is`() async throws {
        let store = try test.open()
        let quotas = APIKeyQuotas(imagesQueued: 1, bytesQueued: 2)
        let (key, _) = try await key(store, quotas: quotas, expiresAt: test.clock.now + 5)
        var change = APIKeyChange()
        change.name = "b"
        change.expiresAt = .remove
        change.bytesQueued = .remove
        change.jobsPerMinute = .set(7)
        guard case .updated(let changed) = try await store.updateKey(key.id, change) else {
            Issue.record("not updated")
            return
        }
        #expect(changed.name == "b" && changed.expiresAt == nil)
        #expect(changed.quotas == APIKeyQuotas(imagesQueued: 1, jobsPerMinute: 7))
        #expect(try await store.key(key.id) == changed)
        #expect(try await store.updateKey(key.id, APIKeyChange()) == .updated(changed))
        #expect(try await store.updateKey(.random(), change) == .unknown)
        try await store.revokeKey(key.id)
        #expect(try await store.updateKey(key.id, change) == .revoked)
    }

    @Test func `The last active admin key cannot be revoked, whatever other keys there are`()
        async throws
    {
        let store = try test.open()
        let admin = try await key(store, scopes: Set(APIKeyScope.allCases)).key
        _ = try await key(store)
        let passing = try await key(store, scopes: [.admin], expiresAt: test.clock.now + 1000).key
        let revoked = try await key(store, scopes: [.admin]).key
        #expect(try await store.revokeKey(revoked.id) == .revoked)
        test.clock.advance(by: .seconds(1))
        #expect(try await store.revokeKey(admin.id) == .lastAdmin)
        #expect(try await store.key(admin.id)?.revokedAt == nil)
        #expect(try await store.revokeKey(passing.id) == .revoked, "an expired one is no loss")
        #expect(try await store.revokeKey(.random()) == .unknown)
        _ = try await key(store, scopes: [.admin])
        #expect(try await store.revokeKey(admin.id) == .revoked)
    }

    @Test func `Admins that revoke each other at the same time leave one`() async throws {
        let store = try test.open()
        var admins: [APIKeyID] = []
        for _ in 0..<10 { admins.append(try await key(store, scopes: [.admin]).key.id) }
        let answers = try await withThrowingTaskGroup(of: APIKeyRevocation.self) { [admins] group in
            for admin in admins { group.addTask { try await store.revokeKey(admin) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count { $0 == .revoked } == 9 && answers.count { $0 == .lastAdmin } == 1)
    }

    @Test func `Keys are listed newest first, page by page`() async throws {
        let store = try test.open()
        var made: [APIKeyID] = []
        for number in 0..<7 {
            made.append(try await key(store).key.id)
            // Some are of the same millisecond.
            if number % 3 == 0 { test.clock.advance(by: .milliseconds(1)) }
        }
        var seen: [APIKey] = []
        var cursor: String?
        repeat {
            let page = try await store.keys(cursor: cursor, limit: 2)
            #expect(page.keys.count <= 2)
            seen += page.keys
            cursor = page.nextCursor
        } while cursor != nil
        #expect(Set(seen.map(\.id)) == Set(made) && seen.count == made.count)
        #expect(seen.map(\.createdAt) == seen.map(\.createdAt).sorted(by: >))
        for bad in ["", "x", APIKeyID.random().text] {
            await #expect(throws: StoreError.invalidCursor) {
                try await store.keys(cursor: bad, limit: 2)
            }
        }
    }

    // MARK: - Quotas

    private func submit(
        _ store: any Store,
        _ tenant: APIKeyID,
        sizes: [UInt64],
        refused: Int = 0
    ) async throws -> JobSubmission {
        var images = try sizes.enumerated().map { index, size in
            NewImage(
                label: try ClassLabel("cats"),
                name: OutputName(numbered: index + 1),
                content: .stored(StoredBlob(sha256: blob("\(UUID())"), size: size))
            )
        }
        for _ in 0..<refused {
            let name = OutputName(numbered: images.count + 1)
            images.append(
                NewImage(label: try ClassLabel("cats"), name: name, content: .refused(broken))
            )
        }
        return try await store.createJob(
            NewJob(tenant: tenant, settings: .standard, retention: .seconds(10)),
            images: images
        )
    }

    private func isCreated(_ submission: JobSubmission) -> Bool {
        if case .created = submission { true } else { false }
    }

    @Test func `Images and bytes are counted until they end, and each tenant's apart`() async throws
    {
        let store = try test.open()
        let tenant = try await key(store, quotas: APIKeyQuotas(imagesQueued: 3, bytesQueued: 100))
            .key.id
        let other = try await key(store).key.id
        #expect(try await isCreated(submit(store, other, sizes: [500, 500, 500, 500])))
        #expect(
            try await isCreated(submit(store, tenant, sizes: [40, 40], refused: 5)),
            "what was refused takes no room"
        )
        let images = QuotaExcess(quota: .imagesQueued, limit: 3, isFinal: false)
        #expect(try await submit(store, tenant, sizes: [1, 1]) == .overQuota(images))
        let bytes = QuotaExcess(quota: .bytesQueued, limit: 100, isFinal: false)
        #expect(try await submit(store, tenant, sizes: [21]) == .overQuota(bytes))
        #expect(try await isCreated(submit(store, tenant, sizes: [20])))
        #expect(try await store.queuedImages(tenant: tenant) == QueuedImages(count: 3, bytes: 100))
        let final = QuotaExcess(quota: .imagesQueued, limit: 3, isFinal: true)
        #expect(try await submit(store, tenant, sizes: [1, 1, 1, 1]) == .overQuota(final))
        #expect(
            try await isCreated(submit(store, tenant, sizes: [], refused: 1)),
            "nothing comes to be queued"
        )

        // Running ones count; those that ended, however, do not.
        var claims: [ClaimedImage] = []
        while claims.count(where: { $0.tenant == tenant }) < 2 {
            claims += try await store.claim(owner: worker())
        }
        #expect(try await store.queuedImages(tenant: tenant).count == 3)
        for claim in claims where claim.tenant == tenant {
            _ = try await store.finish(claim, .failed(broken))
        }
        #expect(try await store.queuedImages(tenant: tenant).count == 1)
        #expect(try await isCreated(submit(store, tenant, sizes: [1, 1])))
        for job in try await store.jobs(tenant: tenant).jobs {
            _ = try await store.cancelJob(job.id, tenant: tenant)
        }
        #expect(try await store.queuedImages(tenant: tenant) == QueuedImages(count: 0, bytes: 0))
        #expect(try await isCreated(submit(store, tenant, sizes: [50, 50])))
    }

    @Test(arguments: [APIKeyQuotas(imagesQueued: 7), APIKeyQuotas(bytesQueued: 79)])
    func `Uploads at the same time do not pass together`(quotas: APIKeyQuotas) async throws {
        let store = try test.open()
        let tenant = try await key(store, quotas: quotas).key.id
        let created = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask { try await isCreated(submit(store, tenant, sizes: [10])) }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(created == 7)
        #expect(try await store.statistics().images.total == 7)
        #expect(try await store.jobs(tenant: tenant).jobs.count == 7)
    }

    @Test func `A key that was revoked, or expired, makes no job, though its upload began before`()
        async throws
    {
        let store = try test.open()
        let passing = try await key(store, expiresAt: test.clock.now + 1).key.id
        let revoked = try await key(store).key.id
        try await store.revokeKey(revoked)
        test.clock.advance(by: .milliseconds(1))
        for tenant in [passing, revoked] {
            #expect(try await submit(store, tenant, sizes: [1]) == .keyUnusable)
        }
        #expect(try await store.statistics().images.total == 0)
    }

}
