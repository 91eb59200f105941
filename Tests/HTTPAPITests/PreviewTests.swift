import HTTPServer
import HTTPTypes
import JobModel
import LocalBlobs
import Queue
import StoreHarness
import Testing

@testable import HTTPAPI

@Suite("/v1/preview")
struct PreviewTests {
    @Test("It answers the picture and its figures, and leaves no row and no file")
    func keepsNothing() async throws {
        let fixture = try await Fixture()
        let answer = try await fixture.send(
            .post,
            "/v1/preview?strength=5&class=cat",
            body: Array("P1".utf8)
        )
        #expect(answer.status == 200 && answer.text.hasPrefix("cat 5 "))
        #expect(answer.fields[.contentType] == "image/png")
        #expect(answer.fields[.cacheControl] == "no-store")
        let name = try #require(HTTPField.Name("Palimpsest-Figures"))
        #expect(answer.fields[name] == "linf=8, psnr=33.0, ssim=0.9")
        #expect(try fixture.blobs.sweepTemporary() == 0)
        #expect(try await fixture.store.referencedBlobs().isEmpty)
        #expect(try await fixture.store.classes().isEmpty, "not even the class is made")
        let tenant = try #require(try await fixture.store.keys().first).id
        #expect(try await fixture.store.jobs(tenant: tenant, cursor: nil, limit: 1).jobs.isEmpty)
    }

    @Test("It hides what a job of the class would hide; another class hides something else")
    func hidesTheSame() async throws {
        let fixture = try await Fixture()
        let tenant = try #require(try await fixture.store.keys().first).id
        let (cat, dog) = (try ClassLabel("cat"), try ClassLabel("dog"))
        let assignment = try await fixture.store.classAssignment(tenant: tenant, label: cat)
        _ = try await fixture.store.classAssignment(tenant: tenant, label: dog)
        func preview(_ query: String) async throws -> String {
            try await fixture.send(.post, "/v1/preview?\(query)", body: Array("P1".utf8)).text
        }
        let classWise = try await preview("class=cat&mode=class-wise")
        #expect(classWise == "cat 8 \(assignment)")
        #expect(
            try await preview("class=dog&mode=class-wise").split(separator: " ").last
                != classWise.split(separator: " ").last
        )
        #expect(try await preview("") == preview(""), "a photo without a class looks the same")
        let path = "/v1/classes/cat/semantic-image"
        _ = try await fixture.send(.put, path, body: Array("P7".utf8))
        #expect(try await preview("class=cat") == "cat 8 PNG of P7")
    }

    @Test(
        "What cannot be is refused with its reason",
        arguments: [
            ("", "X", 422, "image_unusable"), ("strength=99", "P", 400, "strength_invalid"),
            ("priority=high", "P", 400, "parameter_unknown"), ("", "", 400, "job_empty"),
            ("class=a/b", "P", 400, "class_invalid"), ("model=x", "P", 400, "model_unknown"),
        ]
    )
    func refuses(query: String, body: String, status: Int, code: String) async throws {
        let fixture = try await Fixture()
        let answer = try await fixture.send(
            .post,
            "/v1/preview?\(query)",
            body: Array(body.utf8)
        )
        #expect((answer.status, answer.code) == (status, code), "\(answer.text)")
        #expect(try fixture.blobs.sweepTemporary() == 0)
    }

    @Test("A form is no picture, and a picture that is too large is none either")
    func refusesBodies() async throws {
        let fixture = try await Fixture { $0.maxImageBytes = 10 }
        let form = try await fixture.send(
            .post,
            "/v1/preview",
            fields: [.contentType: "multipart/form-data; boundary=x"],
            body: Array("P".utf8)
        )
        #expect((form.status, form.code) == (415, "media_type_unsupported"))
        let large = try await fixture.send(
            .post,
            "/v1/preview",
            body: Array(repeating: 80, count: 11)
        )
        #expect((large.status, large.code) == (413, "image_too_large"))
    }

    @Test("It needs the scope of sending, and counts in the quotas like a job")
    func isLimited() async throws {
        let fixture = try await Fixture()
        let reader = APIKeySecret(presented: "plm_reader")
        let slow = APIKeySecret(presented: "plm_slow")
        _ = try await fixture.store.createKey(
            name: "reader",
            scopes: [.read],
            hash: reader.hash,
            prefix: reader.prefix
        )
        _ = try await fixture.store.createKey(
            name: "slow",
            scopes: [.submit],
            quotas: APIKeyQuotas(jobsPerMinute: 1),
            hash: slow.hash,
            prefix: slow.prefix
        )
        func status(_ key: String?) async throws -> Int {
            try await fixture.send(.post, "/v1/preview", body: Array("P".utf8), key: key).status
        }
        #expect(try await status(nil) == 401)
        #expect(try await status(reader.text) == 403)
        #expect(try await status(slow.text) == 200)
        #expect(try await status(slow.text) == 429)
    }

    @Test("A key has one preview at a time; another key has its own")
    func oneAtATime() async throws {
        let fixture = try await Fixture()
        let tenant = try #require(try await fixture.store.keys().first).id
        let turn = fixture.api.shares.enter(.preview(tenant), most: 1)
        let busy = try await fixture.send(.post, "/v1/preview", body: Array("P".utf8))
        #expect((busy.status, busy.code) == (429, "preview_busy"))
        #expect(busy.fields[.retryAfter] == "1")
        let other = APIKeySecret(presented: "plm_other")
        _ = try await fixture.store.createKey(
            name: "other",
            scopes: [.submit],
            hash: other.hash,
            prefix: other.prefix
        )
        let free = try await fixture.send(
            .post,
            "/v1/preview",
            body: Array("P".utf8),
            key: other.text
        )
        #expect(free.status == 200)
        withExtendedLifetime(turn) {}
    }
}
