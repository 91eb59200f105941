import Foundation
import JobModel
import Queue
import StoreHarness
import Testing

/// What a job remembers of how it was sent: names, classes, and what was passed over.
@Suite struct SourcesTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    private let noClass = ImageFailure(code: "class_missing", detail: "It lies in no folder.")

    private func image(_ source: String?, label: String?, refused: Bool = false) throws -> NewImage
    {
        NewImage(
            label: try label.map { try ClassLabel($0) },
            name: OutputName(sanitizing: source ?? "", fallback: "image"),
            source: source,
            content: refused
                ? .refused(noClass) : .stored(StoredBlob(sha256: blob(source ?? "none"), size: 8))
        )
    }

    private func make(
        _ images: [NewImage],
        passedOver: PassedOver = PassedOver()
    ) async throws -> (any Store, Job) {
        let store = try test.open()
        let tenant = try await store.tenant()
        let new = NewJob(
            tenant: tenant,
            settings: .standard,
            retention: .seconds(10),
            passedOver: passedOver
        )
        guard case .created(let job) = try await store.createJob(new, images: images) else {
            throw StoreError.noImages
        }
        return (store, job)
    }

    @Test func `Names, classes and what was passed over come back from the database as they were`()
        async throws
    {
        var passedOver = PassedOver()
        passedOver.add("photos/Müller/a.MOV", .video)
        passedOver.add("photos/.DS_Store", .system)
        let (_, job) = try await make(
            [
                try image("photos/dogs/größe 1.HEIC", label: "dogs"), try image(nil, label: "cats"),
                try image("photos/dogs/b.jpg", label: "dogs"),
            ],
            passedOver: passedOver
        )
        #expect(
            job.classes?.map(\.label.text) == ["dogs", "cats"]
                && job.classes?.map(\.images) == [2, 1]
        )
        #expect(job.passedOver == passedOver)
        let reopened = try test.open()
        #expect(try await reopened.job(job.id, tenant: job.tenant) == job)
        #expect(
            try await reopened.images(job: job.id).map(\.source) == [
                "photos/dogs/größe 1.HEIC", nil, "photos/dogs/b.jpg",
            ]
        )
        let (_, other) = try await make([try image("a.jpg", label: "cats")])
        #expect(other.passedOver == nil, "nothing is not told")
    }

    @Test func `An image without a class is one that has failed, and stays so`() async throws {
        let (store, job) = try await make([
            try image("x/a.jpg", label: nil, refused: true), try image("c/a.jpg", label: "c"),
            try image("y/a.jpg", label: nil, refused: true),
        ])
        #expect(job.counts == JobCounts(queued: 1, failed: 2))
        #expect(job.classes?.map(\.images) == [1])
        let images = try await store.images(job: job.id)
        #expect(images.map(\.label?.text) == [nil, "c", nil])
        #expect(images.map(\.name) == ["a", "a", "a-2"])
        #expect(images[2].failure == noClass && images[2].source == "y/a.jpg")
        #expect(try await store.classes().map(\.label.text) == ["c"])

        let claims = try await store.claim(owner: worker())
        #expect(claims.map(\.number) == [2])
        #expect(try await store.finish(claims.map { ($0, done($0)) }) == [true])
        #expect(try await store.job(job.id, tenant: job.tenant)?.state == .done)
        #expect(try await store.retryJob(job.id, tenant: job.tenant) == .nothing)
        #expect(
            try await store.progress(of: job.id, tenant: job.tenant, after: 0, limit: 9)?.ended.map(
                \.image.label?.text
            )
                == [nil, nil, "c"]
        )
    }

}
