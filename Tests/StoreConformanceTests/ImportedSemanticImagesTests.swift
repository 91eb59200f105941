import Cryptography
import JobModel
import Queue
import StoreHarness
import Testing

@Suite struct ImportedSemanticImagesTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    private func imported(_ label: String, _ names: [String]) throws -> ImportedClass {
        ImportedClass(
            label: try ClassLabel(label),
            pictures: names.map { StoredBlob(sha256: blob($0), size: 9) }
        )
    }

    /// What the images of a new job get, in their order; every one has a file of its own.
    private func sources(
        _ store: any Store,
        _ tenant: APIKeyID,
        mode: ProtectionMode = .classWise,
        count: Int = 1,
        label: String = "cats"
    ) async throws -> [(input: SHA256Digest, source: ArtefactPart<SHA256Digest>)] {
        let images = try (0..<count).map { index in
            NewImage(
                label: try ClassLabel(label),
                name: OutputName(numbered: index + 1),
                content: .stored(StoredBlob(sha256: blob("\(index)"), size: 1)),
                pixels: 1
            )
        }
        let settings = try ProtectionSettings(mode: mode)
        let new = NewJob(tenant: tenant, settings: settings, retention: .zero)
        _ = try await store.createJob(new, images: images)
        let claims = try await store.claim(owner: worker())
        return claims.map { ($0.inputSHA256, $0.artefact) }
    }

    @Test func `Imported images win over the generated one, for their class and owner alone`()
        async throws
    {
        let store = try test.open()
        let (tenant, other) = (try await store.tenant(), try await store.tenant())
        let cats = try await store.classAssignment(tenant: tenant, label: ClassLabel("cats"))
        #expect(
            try await store.importSemanticImages([imported("cats", ["a", "b"])], tenant: tenant)
                .isEmpty
        )
        #expect(try await sources(store, tenant).map(\.source) == [.imported(blob("a"))])
        for (owner, label) in [(tenant, "dogs"), (other, "cats")] {
            let generated = try await store.classAssignment(tenant: owner, label: ClassLabel(label))
            #expect(
                try await sources(store, owner, label: label).map(\.source) == [
                    .generated(generated)
                ]
            )
        }
        // The class keeps its place in the generator's family.
        #expect(try await store.classAssignment(tenant: tenant, label: ClassLabel("cats")) == cats)
    }

    /// The places were computed with Python: first 8 bytes of SHA-256, little-endian, modulo 3.
    @Test func `Sample-wise, the file decides which of the images it gets`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        _ = try await store.importSemanticImages(
            [imported("cats", ["a", "b", "c"])],
            tenant: tenant
        )
        let first = try await sources(store, tenant, mode: .sampleWise, count: 12)
        let places = [2, 0, 1, 2, 1, 1, 0, 2, 0, 1, 2, 2]
        let expected = places.map { ArtefactPart.imported(blob(["a", "b", "c"][$0])) }
        #expect(first.map(\.source) == expected)
        let second = try await sources(store, tenant, mode: .sampleWise, count: 12)
        #expect(second.map(\.source) == expected)
        let classWise = try await sources(store, tenant, count: 12)
        #expect(Set(classWise.map(\.source)) == [.imported(blob("a"))])
    }

    @Test func `Importing again replaces the list, for jobs that come later`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let both = [try imported("cats", ["a", "b"]), try imported("dogs", ["b"])]
        _ = try await store.importSemanticImages(both, tenant: tenant)
        let gone = try await store.importSemanticImages([imported("cats", ["c"])], tenant: tenant)
        #expect(gone == [blob("a")], "b is a dog's still")
        #expect(try await sources(store, tenant).map(\.source) == [.imported(blob("c"))])
        #expect(
            try await store.importSemanticImages([imported("cats", ["c"])], tenant: tenant).isEmpty
        )
        #expect(try await store.referencedBlobs().isSuperset(of: [blob("b"), blob("c")]))
    }

    /// A change to a class that must not reach a job that was accepted.
    enum Change: CaseIterable {
        case firstImport, importOverImport, removal, twice
    }

    @Test(arguments: Change.allCases)
    func `What a job hides is settled when it is accepted, for images claimed late and for retries`(
        change: Change
    ) async throws {
        var store = try test.open()
        let tenant = try await store.tenant()
        let cats = try ClassLabel("cats")
        let generated = ArtefactPart<SHA256Digest>.generated(
            try await store.classAssignment(tenant: tenant, label: cats)
        )
        if change != .firstImport {
            _ = try await store.importSemanticImages(
                [imported("cats", ["a", "b"])],
                tenant: tenant
            )
        }
        let expected = change == .firstImport ? generated : .imported(blob("a"))
        let images = (1...3).map { number in
            NewImage(
                label: cats,
                name: OutputName(numbered: number),
                content: .stored(StoredBlob(sha256: blob("\(number)"), size: 100_000)),
                pixels: 25_000
            )
        }
        let new = NewJob(
            tenant: tenant,
            settings: try ProtectionSettings(mode: .classWise),
            retention: .seconds(9)
        )
        guard case .created(let job) = try await store.createJob(new, images: images) else {
            Issue.record("the job was not made")
            return
        }
        let first = try #require(try await store.claim(owner: worker()).first)
        #expect(first.artefact == expected)
        try await store.finish(first, .failed(broken))

        var free: [SHA256Digest]?
        switch change {
        case .firstImport:
            free = try await store.importSemanticImages([imported("cats", ["c"])], tenant: tenant)
        case .importOverImport:
            free = try await store.importSemanticImages([imported("cats", ["c"])], tenant: tenant)
        case .removal:
            free = try await store.removeImportedSemanticImages(tenant: tenant, label: cats)
        case .twice:
            _ = try await store.importSemanticImages(
                [imported("cats", ["c", "d"])],
                tenant: tenant
            )
            free = try await store.removeImportedSemanticImages(tenant: tenant, label: cats)
            #expect(
                free?.sorted { $0.hex < $1.hex }
                    == [blob("c"), blob("d")].sorted { $0.hex < $1.hex }
            )
        }
        if change != .twice { #expect(free == [], "the job holds on to its pictures") }
        // Another run of the service sees it the same way.
        store = try test.open()
        let second = try #require(try await store.claim(owner: worker()).first)
        #expect(second.number == 2 && second.artefact == expected)
        try await store.finish(second, done(second))
        guard case .queued = try await store.retryJob(job.id, tenant: tenant) else {
            Issue.record("nothing is tried again")
            return
        }
        for _ in 0..<2 {
            let claim = try #require(try await store.claim(owner: worker()).first)
            #expect(claim.artefact == expected, "image \(claim.number)")
            try await store.finish(claim, done(claim))
        }
        // What comes later has what the class has now.
        let isImported = change == .firstImport || change == .importOverImport
        #expect(
            try await sources(store, tenant).map(\.source) == [
                isImported ? .imported(blob("c")) : generated
            ]
        )

        // The pictures go with the last job that has them, and not before.
        let other = try await store.job(tenant, sizes: [5], label: "dogs")
        #expect(try await store.deleteJob(other.id, tenant: tenant)?.flatMap(\.outputs) == [])
        let held: Set<SHA256Digest> = change == .firstImport ? [] : [blob("a"), blob("b")]
        #expect(try await store.referencedBlobs().isSuperset(of: held))
        let erased = try await store.deleteJob(job.id, tenant: tenant)?.flatMap(\.outputs) ?? []
        #expect(Set(erased).intersection([blob("a"), blob("b"), blob("c")]) == held)
        #expect(try await store.referencedBlobs().isDisjoint(with: held))
    }

    @Test
    func
        `Pictures that only an expired job had go when it expires, and not while another job has them`()
        async throws
    {
        let store = try test.open()
        let tenant = try await store.tenant()
        _ = try await store.importSemanticImages([imported("cats", ["a", "b"])], tenant: tenant)
        try await store.job(tenant, sizes: [1], retention: .zero)
        try await store.job(tenant, sizes: [2], retention: .seconds(100))
        for _ in 0..<2 {
            try await store.finish(store.claim(owner: worker()).map { ($0, .failed(broken)) })
        }
        #expect(
            try await store.removeImportedSemanticImages(tenant: tenant, label: ClassLabel("cats"))
                == []
        )
        #expect(
            try await store.expireJobs()
                == JobExpiry(jobs: 1, images: 1, blobs: [blob("\(tenant) cats 0 1")])
        )
        test.clock.advance(by: .seconds(100))
        // A piece that ends with the last image leaves the pictures to the next, which has something to do therefore.
        let pieces = [
            try await store.expireJobs(imageLimit: 1), try await store.expireJobs(imageLimit: 1),
        ]
        #expect(pieces[0].blobs == [blob("\(tenant) cats 0 2")])
        #expect(Set(pieces[1].blobs) == [blob("a"), blob("b")] && !pieces[1].isEmpty)
        #expect(try await store.expireJobs().isEmpty)
        #expect(try await store.referencedBlobs().isEmpty)
    }

    @Test
    func `Pictures of jobs whose rows go before their images are looked at do not stay for ever`()
        async throws
    {
        let store = try test.open()
        let tenant = try await store.tenant()
        _ = try await store.importSemanticImages([imported("cats", ["a"])], tenant: tenant)
        try await store.job(tenant, sizes: [100_000, 100_000], retention: .zero)
        for _ in 0..<2 {
            try await store.finish(store.claim(owner: worker()).map { ($0, .failed(broken)) })
        }
        _ = try await store.removeImportedSemanticImages(tenant: tenant, label: ClassLabel("cats"))
        #expect(try await store.expireJobs(imageLimit: 1).images == 1)
        #expect(try await store.referencedBlobs().contains(blob("a")))
        // A service that was stopped in between for longer than the row is kept.
        test.clock.advance(by: JobExpiry.tombstoneLifetime)
        _ = try await store.expireJobs(imageLimit: 1)
        #expect(try await store.referencedBlobs().isEmpty)
    }

    @Test func `A picture that is imported is not free to be removed`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        // The upload of a job that expires has the very bytes of an imported picture.
        let shared = blob("\(tenant) cats 0 1")
        let picture = ImportedClass(
            label: try ClassLabel("dogs"),
            pictures: [StoredBlob(sha256: shared, size: 1)]
        )
        try await store.job(tenant, sizes: [1], retention: .zero)
        _ = try await store.importSemanticImages([picture], tenant: tenant)
        let claim = try #require(try await store.claim(owner: worker()).first)
        try await store.finish(claim, .failed(broken))
        #expect(try await store.expireJobs() == JobExpiry(jobs: 1, images: 1, blobs: []))
        #expect(try await store.referencedBlobs() == [shared])
        try await store.withUnreferenced(among: [shared, blob("nobody's")]) { free in
            #expect(free == [blob("nobody's")])
        }
    }

    @Test func `An import that fails changes nothing`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        _ = try await store.importSemanticImages([imported("cats", ["a"])], tenant: tenant)
        let empty = ImportedClass(
            label: try ClassLabel("birds"),
            pictures: [StoredBlob(sha256: blob("e"), size: 0)]
        )
        await #expect(throws: StoreError.self) {
            try await store.importSemanticImages([imported("cats", ["x"]), empty], tenant: tenant)
        }
        await #expect(throws: StoreError.unknownTenant) {
            try await store.importSemanticImages([imported("cats", ["x"])], tenant: .random())
        }
        #expect(try await store.classes().map(\.label.text) == ["cats"])
        #expect(try await sources(store, tenant).map(\.source) == [.imported(blob("a"))])
    }

    @Test func `Classes are listed with their owners, generated and imported ones`() async throws {
        let store = try test.open()
        let one = try await store.tenant("one")
        test.clock.advance(by: .seconds(1))
        let other = try await store.tenant("other")
        for label in ["dogs", "cats"] {
            _ = try await store.classAssignment(tenant: one, label: ClassLabel(label))
        }
        _ = try await store.classAssignment(tenant: other, label: ClassLabel("cats"))
        let both = [try imported("cats", ["a", "b"]), try imported("ants", ["a"])]
        _ = try await store.importSemanticImages(both, tenant: other)
        let listed = try await store.classes()
        let expected: [(String, String, ClassSummary.SemanticImage)] = [
            ("ants", "other", .imported(count: 1)),
            ("cats", "one", .generated(version: 1, index: 1)),
            ("cats", "other", .imported(count: 2)),
            ("dogs", "one", .generated(version: 1, index: 0)),
        ]
        #expect(listed.map(\.label.text) == expected.map(\.0))
        #expect(listed.map(\.tenantName) == expected.map(\.1))
        #expect(listed.map(\.semanticImage) == expected.map(\.2))
        #expect(listed.map(\.tenant) == [other, one, other, one])
    }
}
