import Cryptography
import GRDB
import JobModel
import Testing

@testable import JobStore

@Suite struct ImportedSemanticImagesTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    private func imported(_ label: String, _ names: [String]) throws -> ImportedClass {
        ImportedClass(label: try ClassLabel(label), pictures: names.map { StoredBlob(sha256: blob($0), size: 9) })
    }

    /// What the images of a new job get, in their order; every one has a file of its own.
    private func sources(
        _ store: JobStore,
        _ tenant: APIKeyID,
        mode: ProtectionMode = .classWise,
        count: Int = 1,
        label: String = "cats"
    ) async throws -> [(input: SHA256Digest, source: SemanticImageSource<SHA256Digest>)] {
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
        return claims.map { ($0.inputSHA256, $0.semanticImage) }
    }

    @Test func `Imported images win over the generated one, for their class and owner alone`() async throws {
        let store = try test.open()
        let (tenant, other) = (try await store.tenant(), try await store.tenant())
        let cats = try await store.semanticImage(tenant: tenant, label: ClassLabel("cats"))
        #expect(try await store.importSemanticImages([imported("cats", ["a", "b"])], tenant: tenant).isEmpty)
        #expect(try await sources(store, tenant).map(\.source) == [.imported(blob("a"))])
        for (owner, label) in [(tenant, "dogs"), (other, "cats")] {
            let generated = try await store.semanticImage(tenant: owner, label: ClassLabel(label))
            #expect(try await sources(store, owner, label: label).map(\.source) == [.generated(generated)])
        }
        // The class keeps its place in the generator's family.
        #expect(try await store.semanticImage(tenant: tenant, label: ClassLabel("cats")) == cats)
    }

    /// The places were computed with Python: first 8 bytes of SHA-256, little-endian, modulo 3.
    @Test func `Sample-wise, the file decides which of the images it gets`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        _ = try await store.importSemanticImages([imported("cats", ["a", "b", "c"])], tenant: tenant)
        let first = try await sources(store, tenant, mode: .sampleWise, count: 12)
        let places = [2, 0, 1, 2, 1, 1, 0, 2, 0, 1, 2, 2]
        let expected = places.map { SemanticImageSource.imported(blob(["a", "b", "c"][$0])) }
        #expect(first.map(\.source) == expected)
        let second = try await sources(store, tenant, mode: .sampleWise, count: 12)
        #expect(second.map(\.source) == expected)
        let classWise = try await sources(store, tenant, count: 12)
        #expect(Set(classWise.map(\.source)) == [.imported(blob("a"))])
    }

    @Test func `Importing again replaces the list, also for images that wait already`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let both = [try imported("cats", ["a", "b"]), try imported("dogs", ["b"])]
        _ = try await store.importSemanticImages(both, tenant: tenant)
        try await store.job(tenant, sizes: [1])
        let gone = try await store.importSemanticImages([imported("cats", ["c"])], tenant: tenant)
        #expect(gone == [blob("a")], "b is a dog's still")
        #expect(try await store.claim(owner: worker()).map(\.semanticImage) == [.imported(blob("c"))])
        #expect(try await store.importSemanticImages([imported("cats", ["c"])], tenant: tenant).isEmpty)
        #expect(try await store.referencedBlobs().isSuperset(of: [blob("b"), blob("c")]))
    }

    @Test func `A picture that is imported is not free to be removed`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        // The upload of a job that expires has the very bytes of an imported picture.
        let shared = blob("\(tenant) cats 0 1")
        let picture = ImportedClass(label: try ClassLabel("dogs"), pictures: [StoredBlob(sha256: shared, size: 1)])
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
        let empty = ImportedClass(label: try ClassLabel("birds"), pictures: [StoredBlob(sha256: blob("e"), size: 0)])
        await #expect(throws: JobStoreError.self) {
            try await store.importSemanticImages([imported("cats", ["x"]), empty], tenant: tenant)
        }
        await #expect(throws: JobStoreError.unknownTenant) {
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
        for label in ["dogs", "cats"] { _ = try await store.semanticImage(tenant: one, label: ClassLabel(label)) }
        _ = try await store.semanticImage(tenant: other, label: ClassLabel("cats"))
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
