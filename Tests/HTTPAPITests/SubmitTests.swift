import BlobStorage
import Cryptography
import HTTPTypes
import HTTPWire
import JobModel
import LocalBlobs
import Queue
import StoreHarness
import Testing

@testable import HTTPAPI

@Suite("POST /v1/jobs")
struct SubmitTests {
    private struct Shown: Decodable {
        struct Counts: Decodable { let total, queued, done, failed: Int }
        struct Image: Decodable {
            let number: Int
            let name, file, state: String
            let source: String?
            let `class`: String
        }
        struct ClassCount: Decodable {
            let `class`: String
            let images: Int
        }
        let id, state: String
        let counts: Counts
        let classes: [ClassCount]?
        let failures: [Image]?
    }

    private struct Images: Decodable {
        let images: [Shown.Image]
        let nextCursor: String?
    }

    /// A form as RFC 7578 has it; a part with a file name is a file.
    private func form(
        _ parts: [(name: String, filename: String?, value: String)]
    ) -> (HTTPFields, [UInt8]) {
        var body = ""
        for part in parts {
            let file = part.filename.map { "; filename=\"\($0)\"" } ?? ""
            body +=
                "--XX\r\nContent-Disposition: form-data; name=\"\(part.name)\"\(file)\r\n\r\n\(part.value)\r\n"
        }
        return (
            [.contentType: "multipart/form-data; boundary=XX"], Array((body + "--XX--\r\n").utf8)
        )
    }

    @Test("A raw image becomes a job of one image, and is answered with 202 and its place")
    func rawImage() async throws {
        let fixture = try await Fixture()
        let answer = try await fixture.send(
            .post,
            "/v1/jobs?class=cats&name=tom.jpeg",
            body: [1, 2, 3]
        )
        #expect(answer.status == 202)
        let job = try answer.json(Shown.self)
        #expect(answer.fields[.location] == "/v1/jobs/\(job.id)")
        #expect(answer.fields[.retryAfter] != nil)
        #expect(job.state == "queued")
        #expect(job.counts.total == 1)
        let images = try await fixture.send(.get, "/v1/jobs/\(job.id)/images").json(Images.self)
        #expect(images.images.map(\.file) == ["cats/tom.png"])
        #expect(try fixture.blobs.list().count == 1)
    }

    @Test("A class field sets the class of the files after it, over the query")
    func classesOfAForm() async throws {
        let fixture = try await Fixture()
        let (fields, body) = form([
            ("file", "one.jpg", "1"), ("class", nil, "b"), ("file", "two.jpg", "2"),
            ("file", "two.png", "3"),
            ("class", nil, "c"), ("strength", nil, "4"), ("file", "../two.jpg", "4"),
        ])
        let answer = try await fixture.send(
            .post,
            "/v1/jobs?class=a&strength=2",
            fields: fields,
            body: body
        )
        #expect(answer.status == 202)
        let job = try answer.json(Shown.self)
        let images = try await fixture.send(.get, "/v1/jobs/\(job.id)/images").json(Images.self)
            .images
        #expect(images.map(\.file) == ["a/one.png", "b/two.png", "b/two-2.png", "c/two.png"])
        let id = try #require(JobIdentifier(job.id))
        let tenant = try #require(try await fixture.store.keys().first).id
        #expect(try await fixture.store.job(id, tenant: tenant)?.settings.strength == 4)
    }

    @Test(
        "A request that an earlier version has taken is known again",
        arguments: ["con", "a.", "Class_1.2-x"]
    )
    func earlierRequests(label: String) async throws {
        let fixture = try await Fixture()
        let photo: [UInt8] = [1, 2, 3]
        // As the first release has computed it: settings, then a line each of class, name and hash.
        let settings = Array(
            """
            {
              "clip" : true,
              "metadata" : "strip",
              "mode" : "sample-wise",
              "strength" : 8,
              "working_size" : 128
            }\n
            """.utf8
        )
        let fingerprint = SHA256.hash(
            settings + Array("\(label)\ntom\n\(SHA256.hash(photo).hex)\n".utf8)
        )
        let job = NewJob(
            tenant: try #require(try await fixture.store.keys().first).id,
            settings: .standard,
            retention: .seconds(3600),
            idempotency: NewJob.Idempotency(key: "one", fingerprint: fingerprint)
        )
        let blob = StoredBlob(sha256: SHA256.hash(photo), size: 3)
        let name = OutputName(sanitizing: "tom", fallback: "x")
        let image = NewImage(label: try ClassLabel(label), name: name, content: .stored(blob))
        guard case .created(let made) = try await fixture.store.createJob(job, images: [image])
        else {
            return #expect(Bool(false), "there is no such job yet")
        }
        let target = "/v1/jobs?class=\(label)&name=tom.jpeg"
        let again = try await fixture.send(
            .post,
            target,
            fields: [.idempotencyKey: "one"],
            body: photo
        )
        #expect(again.status == 202, "\(again.text)")
        #expect(try again.json(Shown.self).id == made.id.text)
        // As `submit` sends it that had it open before the update.
        let open = try await fixture.send(
            .post,
            target + "&mask=none",
            fields: [.idempotencyKey: "one"],
            body: photo
        )
        #expect(try open.json(Shown.self).id == made.id.text)
        let photoMask = target + "&mask=photo"
        let masked = try await fixture.send(
            .post,
            photoMask,
            fields: [.idempotencyKey: "one"],
            body: photo
        )
        #expect((masked.status, masked.code) == (422, "idempotency_key_reused"))
        let other = try await fixture.send(
            .post,
            target + "&strength=2",
            fields: [.idempotencyKey: "one"],
            body: photo
        )
        #expect((other.status, other.code) == (422, "idempotency_key_reused"))
    }

    @Test("A request of a version that always wrote a working size is known again")
    func requestsWithWorkingSize() async throws {
        let fixture = try await Fixture()
        let target = "/v1/jobs?class=a", key: HTTPFields = [.idempotencyKey: "one"]
        // That version took the request without one as this.
        let first = try await fixture.send(
            .post,
            target + "&working_size=128",
            fields: key,
            body: [1]
        )
        let again = try await fixture.send(.post, target, fields: key, body: [1])
        #expect(try again.json(Shown.self).id == first.json(Shown.self).id)
        let other = try await fixture.send(
            .post,
            target + "&working_size=256",
            fields: key,
            body: [1]
        )
        #expect((other.status, other.code) == (422, "idempotency_key_reused"))
    }

    @Test("Requests that differ in the mask alone are two")
    func masksAreToldApart() async throws {
        let fixture = try await Fixture()
        let target = "/v1/jobs?class=a", key: HTTPFields = [.idempotencyKey: "one"]
        let first = try await fixture.send(.post, target, fields: key, body: [1])
        let same = try await fixture.send(.post, target + "&mask=auto", fields: key, body: [1])
        #expect(try same.json(Shown.self).id == first.json(Shown.self).id)
        for mask in ["photo", "none"] {
            let other = try await fixture.send(
                .post,
                "\(target)&mask=\(mask)",
                fields: key,
                body: [1]
            )
            #expect((other.status, other.code) == (422, "idempotency_key_reused"))
        }
    }

    @Test("A field of a form says the mask, over the query, and one that there is not is refused")
    func masks() async throws {
        let fixture = try await Fixture()
        let tenant = try #require(try await fixture.store.keys().first).id
        for (query, field, mask) in [
            ("", nil, Mask.auto), ("&mask=photo", nil, .photo), ("&mask=photo", "none", .unmasked),
            ("", "auto", .auto),
        ] {
            let mask0 = field.map { [("mask", nil as String?, $0)] } ?? []
            let (fields, body) = form(mask0 + [("file", "one.jpg", "1")])
            let answer = try await fixture.send(
                .post,
                "/v1/jobs?class=a\(query)",
                fields: fields,
                body: body
            )
            let id = try #require(JobIdentifier(try answer.json(Shown.self).id))
            #expect(try await fixture.store.job(id, tenant: tenant)?.settings.mask == mask)
            #expect(answer.text.contains("\"mask\" : \"\(mask.rawValue)\""))
        }
        for name in ["", "None", "strong"] {
            let answer = try await fixture.send(.post, "/v1/jobs?class=a&mask=\(name)", body: [1])
            #expect((answer.status, answer.code) == (400, "mask_invalid"))
        }
    }

    @Test("A model is chosen by the query or a form, and shown where it was named")
    func choosesTheModel() async throws {
        let fixture = try await Fixture(models: [.named("small"), .named("large")])
        struct Shown: Decodable {
            let settings: Settings; struct Settings: Decodable { let model: String? }
        }
        for (query, field, model) in [
            ("", nil, nil), ("&model=large", nil, "large"), ("", "large", "large"),
            ("&model=large", "small", "small"),
        ] as [(String, String?, String?)] {
            let (fields, body) = form(
                (field.map { [("model", nil as String?, $0)] } ?? []) + [("file", "one.jpg", "1")]
            )
            let answer = try await fixture.send(
                .post,
                "/v1/jobs?class=a\(query)",
                fields: fields,
                body: body
            )
            #expect(try answer.json(Shown.self).settings.model == model)
        }
        for name in ["", "Large", "huge"] {
            let answer = try await fixture.send(.post, "/v1/jobs?class=a&model=\(name)", body: [1])
            #expect((answer.status, answer.code) == (400, "model_unknown"))
            #expect(answer.text.contains("The model must be small or large."))
        }
    }

    @Test("Settings of a method are taken where the chosen model's method has them, and shown")
    func takesTheSettingsOfAMethod() async throws {
        let noise = try #require(ModelName(rawValue: "noise"))
        let fixture = try await Fixture(models: [
            .named("deep-hiding"),
            OfferedModel(
                name: noise,
                method: MethodID(rawValue: "class-noise"),
                settings: [MethodSetting("level", values: 1...4, standard: 1)],
                sha256: SHA256.hash([])
            ),
        ])
        struct Shown: Decodable {
            let settings: Settings;
            struct Settings: Decodable { let methodSettings: [String: Int]? }
        }
        let answer = try await fixture.send(
            .post,
            "/v1/jobs?class=a&model=noise&method_settings=level:3",
            body: [1]
        )
        #expect(try answer.json(Shown.self).settings.methodSettings == ["level": 3])
        let plain = try await fixture.send(.post, "/v1/jobs?class=a&model=noise", body: [1])
        #expect(try plain.json(Shown.self).settings.methodSettings == nil)
        // A form may choose the model that the query's settings are for.
        let (fields, body) = form([("model", nil, "noise"), ("file", "one.jpg", "1")])
        let late = try await fixture.send(
            .post,
            "/v1/jobs?class=a&method_settings=level:4",
            fields: fields,
            body: body
        )
        #expect(try late.json(Shown.self).settings.methodSettings == ["level": 4])
        for (query, remedy) in [
            ("method_settings=level:3", "The method deep-hiding has no settings of its own."),
            (
                "model=noise&method_settings=level:5",
                "The settings of the method class-noise are level from 1 to 4."
            ),
            (
                "model=noise&method_settings=height:1",
                "The settings of the method class-noise are level from 1 to 4."
            ),
            ("model=noise&method_settings=level", "NAME:NUMBER"),
            ("model=noise&method_settings=", "NAME:NUMBER"),
            ("model=noise&method_settings=level:1,level:2", "each name once"),
        ] {
            let refused = try await fixture.send(.post, "/v1/jobs?class=a&\(query)", body: [1])
            #expect((refused.status, refused.code) == (400, "method_settings_invalid"))
            #expect(refused.text.contains(remedy))
        }
    }

    @Test("Another model makes another request of the same idempotency key")
    func tellsModelsApart() async throws {
        let fixture = try await Fixture(models: [.named("small"), .named("large")])
        var statuses: [Int] = []
        for query in ["&model=small", "&model=small", "&model=large", ""] {
            let fields: HTTPFields = [.idempotencyKey: "one"]
            let answer = try await fixture.send(
                .post,
                "/v1/jobs?class=a\(query)",
                fields: fields,
                body: [1]
            )
            statuses.append(answer.status)
        }
        #expect(statuses == [202, 202, 422, 422])
    }

    @Test(
        "One odd file name does not refuse the form: it is cleaned, and the other files are taken"
    )
    func oddNames() async throws {
        let fixture = try await Fixture()
        let (fields, body) = form([
            ("class", nil, "Mu\u{308}ller?"), ("file", "one.jpg", "1"), ("file", "t\0wo.jpg", "2"),
            ("file", "Icon\r", "3"),
            ("file", "e\u{301}te\u{301}.jpg", "4"), ("file", "NUL\0.jpg", "5"),
            ("file", "a\"; filename*=\"UTF-8''%00b.png", "6"),
        ])
        let answer = try await fixture.send(.post, "/v1/jobs", fields: fields, body: body)
        #expect(answer.status == 202, "\(answer.text)")
        let job = try answer.json(Shown.self)
        let images = try await fixture.send(.get, "/v1/jobs/\(job.id)/images").json(Images.self)
            .images
        let files = ["one", "two", "Icon", "\u{E9}t\u{E9}", "_NUL", "b"].map {
            "M\u{FC}ller%3F/\($0).png"
        }
        #expect(images.map { Array($0.file.utf8) } == files.map { Array($0.utf8) })
    }

    @Test(
        "Files before any class have the last class of the form, and the names are kept as they were sent"
    )
    func classBehindTheFiles() async throws {
        let fixture = try await Fixture()
        let (fields, body) = form([
            ("file", "C:\\photos\\one.jpg", "1"), ("file", "two.jpg", "2"), ("class", nil, "b"),
            ("file", "three.jpg", "3"),
            ("class", nil, "c"),
        ])
        let answer = try await fixture.send(.post, "/v1/jobs", fields: fields, body: body)
        #expect(answer.status == 202)
        let job = try answer.json(Shown.self)
        #expect(job.classes?.map(\.class) == ["c", "b"] && job.classes?.map(\.images) == [2, 1])
        let images = try await fixture.send(.get, "/v1/jobs/\(job.id)/images").json(Images.self)
            .images
        #expect(images.map(\.file) == ["c/one.png", "c/two.png", "b/three.png"])
        #expect(images.map(\.source) == ["C:\\photos\\one.jpg", "two.jpg", "three.jpg"])
        // The URL tells a class before any field does.
        let other = try await fixture.send(.post, "/v1/jobs?class=a", fields: fields, body: body)
            .json(Shown.self)
        #expect(other.classes?.map(\.class) == ["a", "b"])
        let raw = try await fixture.send(.post, "/v1/jobs?class=a&name=x%2Fy.jpg", body: [1]).json(
            Shown.self
        )
        let own = try await fixture.send(.get, "/v1/jobs/\(raw.id)/images").json(Images.self).images
        #expect(own.map(\.source) == ["x/y.jpg"] && own.map(\.name) == ["y"])
        let unnamed = try await fixture.send(.post, "/v1/jobs?class=a", body: [2]).json(Shown.self)
        #expect(
            try await fixture.send(.get, "/v1/jobs/\(unnamed.id)/images").text.contains(
                "\"source\""
            ) == false
        )
    }

    @Test("Without any class a form is refused, and every file is named")
    func formWithoutClass() async throws {
        let fixture = try await Fixture()
        let (fields, body) = form([
            ("file", "one.jpg", "1"), ("strength", nil, "4"), ("file", "two.jpg", "2"),
        ])
        let answer = try await fixture.send(.post, "/v1/jobs", fields: fields, body: body)
        #expect((answer.status, answer.code) == (400, "class_missing"))
        #expect(
            answer.text.contains("\"source\":\"one.jpg\"")
                && answer.text.contains("\"faults_total\":2")
        )
        #expect(try fixture.blobs.list().isEmpty)
        #expect(try await fixture.store.statistics().images.total == 0)
    }

    @Test func `A field of the whole form is there once, a class as often as wanted`() async throws
    {
        let fixture = try await Fixture()
        let (fields, body) = form([
            ("class", nil, "a"), ("file", "1.jpg", "x"), ("class", nil, "b"),
            ("file", "2.jpg", "y"), ("strength", nil, "5"),
        ])
        let answer = try await fixture.send(.post, "/v1/jobs", fields: fields, body: body)
        #expect(answer.status == 202)
        let (twice, again) = form([
            ("file", "1.jpg", "x"), ("strength", nil, "5"), ("strength", nil, "6"),
        ])
        let refused = try await fixture.send(.post, "/v1/jobs?class=a", fields: twice, body: again)
        #expect((refused.status, refused.code) == (400, "parameter_repeated"))
        #expect(refused.text.contains("'strength'"))
    }

    @Test func `A class that is none is shown`() async throws {
        let answer = try await Fixture().send(
            .post,
            "/v1/jobs?class=a/b",
            fields: [.contentType: "image/jpeg"],
            body: [1]
        )
        #expect(answer.text.contains("'a/b' is no class. This class has a slash"))
    }

    @Test("A file that is too large or empty is that image's error alone, and leaves no file")
    func refusedImages() async throws {
        let fixture = try await Fixture { $0.maxImageBytes = 1024 }
        let (fields, body) = form([
            ("file", "big.jpg", String(repeating: "x", count: 1025)), ("file", "empty.jpg", ""),
            ("file", "fits.jpg", String(repeating: "y", count: 1024)),
        ])
        let answer = try await fixture.send(.post, "/v1/jobs?class=a", fields: fields, body: body)
        #expect(answer.status == 202)
        let job = try answer.json(Shown.self)
        #expect(job.counts.failed == 2)
        #expect(job.failures?.map(\.name) == ["big", "empty"])
        #expect(try fixture.blobs.list().count == 1)
        #expect(answer.text.contains("image_too_large") && answer.text.contains("image_empty"))
    }

    @Test(
        "A request that is wrong leaves neither row nor file",
        arguments: [
            ("", "image/jpeg", "class_missing", 400),
            ("?class=a/b", "image/jpeg", "class_invalid", 400),
            ("?class=a&class=b", "image/jpeg", "parameter_repeated", 400),
            ("?class=a&strength=17", "image/jpeg", "strength_invalid", 400),
            ("?class=a&clip=2", "image/jpeg", "clip_invalid", 400),
            ("?class=a&stength=8", "image/jpeg", "parameter_unknown", 400),
            ("?class=a", "application/pdf", "media_type_unsupported", 415),
            ("?class=a", "nonsense", "media_type_unsupported", 415),
            ("?class=a", "multipart/form-data", "multipart_malformed", 400),
        ]
    )
    func wrongRequests(query: String, type: String, code: String, status: Int) async throws {
        let fixture = try await Fixture()
        let fields: HTTPFields = [.contentType: type]
        let answer = try await fixture.send(.post, "/v1/jobs\(query)", fields: fields, body: [1])
        #expect(answer.status == status)
        #expect(answer.code == code)
        #expect(try fixture.blobs.list().isEmpty)
        #expect(try await fixture.store.statistics().images.total == 0)
    }

    @Test(
        "Too many bytes or images are 413, no image is 400, a full disk is 507, a stopping service 503"
    )
    func limits() async throws {
        let fixture = try await Fixture {
            $0.maxImageBytes = 2
            $0.maxImagesPerJob = 2
        }
        #expect(
            try await fixture.send(.post, "/v1/jobs?class=a", body: [1, 2, 3]).code
                == "image_too_large"
        )
        #expect(try await fixture.send(.post, "/v1/jobs?class=a", body: []).code == "job_empty")
        let (fields, body) = form([("f", "1", "1"), ("f", "2", "2"), ("f", "3", "3")])
        let many = try await fixture.send(.post, "/v1/jobs?class=a", fields: fields, body: body)
        #expect((many.status, many.code) == (413, "images_too_many"))
        let (empty, nothing) = form([("class", nil, "a"), ("file", "", "")])
        #expect(
            try await fixture.send(.post, "/v1/jobs", fields: empty, body: nothing).code
                == "job_empty"
        )
        #expect(try fixture.blobs.list().isEmpty)

        let full = try await Fixture { $0.minFreeBytes = 1 << 50 }
        #expect(try await full.send(.post, "/v1/jobs?class=a", body: [1]).status == 507)
        #expect(try await full.send(.get, "/readyz", key: nil).status == 503)
        fixture.api.lifecycle.startDraining()
        #expect(try await fixture.send(.post, "/v1/jobs?class=a", body: [1]).code == "draining")
        #expect(try await fixture.send(.get, "/readyz", key: nil).code == "draining")
        #expect(try await fixture.send(.get, "/healthz", key: nil).status == 200)
    }

    @Test("An answer of a type that Accept leaves out is 406, and nothing is done for it")
    func acceptance() async throws {
        let fixture = try await Fixture()
        let refused = try await fixture.send(
            .post,
            "/v1/jobs?class=a",
            fields: [.accept: "text/html"],
            body: [1]
        )
        #expect((refused.status, refused.code) == (406, "not_acceptable"))
        #expect(try await fixture.store.statistics().images.total == 0)
        for accept in ["application/*", "text/html, */*;q=0.1", "no type"] {
            let taken = try await fixture.send(
                .post,
                "/v1/jobs?class=a",
                fields: [.accept: accept],
                body: [1]
            )
            #expect(taken.status == 202)
        }
        // What is wrong with the path or the key comes first.
        #expect(
            try await fixture.send(.get, "/v1/none", fields: [.accept: "text/html"]).status == 404
        )
        #expect(
            try await fixture.send(.get, "/v1/jobs", fields: [.accept: "text/html"], key: "x")
                .status == 401
        )
        #expect(
            try await fixture.send(.patch, "/v1/jobs", fields: [.accept: "text/html"]).status == 405
        )
    }

    @Test("A compressed body is 415, with what may be sent instead")
    func contentEncoding() async throws {
        let fixture = try await Fixture()
        let gzip = try await fixture.send(
            .post,
            "/v1/jobs?class=a",
            fields: [.contentEncoding: "gzip"],
            body: [1]
        )
        #expect((gzip.status, gzip.code) == (415, "content_encoding_unsupported"))
        #expect(gzip.fields[.acceptEncoding] == "identity")
        #expect(try fixture.blobs.list().isEmpty)
        let plain = try await fixture.send(
            .post,
            "/v1/jobs?class=a",
            fields: [.contentEncoding: "Identity"],
            body: [1]
        )
        #expect(plain.status == 202)
    }

    @Test("A service that is about to stop says so to balancers, and still takes what comes")
    func leaving() async throws {
        let fixture = try await Fixture()
        fixture.api.lifecycle.startLeaving()
        #expect(try await fixture.send(.get, "/readyz", key: nil).code == "draining")
        #expect(try await fixture.send(.post, "/v1/jobs?class=a", body: [1]).status == 202)
    }

    @Test("The same Idempotency-Key gives the same job, and with other bytes 422")
    func idempotency() async throws {
        let fixture = try await Fixture()
        let fields: HTTPFields = [.idempotencyKey: "\"once\""]
        let first = try await fixture.send(.post, "/v1/jobs?class=a", fields: fields, body: [1])
        let again = try await fixture.send(
            .post,
            "/v1/jobs?class=a",
            fields: [.idempotencyKey: "once"],
            body: [1]
        )
        #expect(again.status == 202)
        #expect(try first.json(Shown.self).id == again.json(Shown.self).id)
        #expect(again.fields[.idempotentReplayed] == "true")
        for (query, body) in [
            ("?class=a", [UInt8(2)]), ("?class=b", [1]), ("?class=a&strength=7", [1]),
        ] {
            let other = try await fixture.send(
                .post,
                "/v1/jobs\(query)",
                fields: fields,
                body: body
            )
            #expect((other.status, other.code) == (422, "idempotency_key_reused"))
        }
        #expect(try await fixture.store.statistics().images.total == 1)
    }

    @Test(
        "The same Idempotency-Key with another secret of recovery is 422, and with the same one a replay"
    )
    func idempotencyOfRecovery() async throws {
        let fixture = try await Fixture()
        let passphrases = ["correct horse", "wrong battery"].map {
            [.recoveryPassphrase: $0] as HTTPFields
        }
        let keys = ["0f", "f0"].map {
            [.recoveryKey: String(repeating: $0, count: 32)] as HTTPFields
        }
        for (number, (mine, others)) in [
            (passphrases[0], [passphrases[1]] + keys), (keys[0], passphrases + [keys[1]]),
        ]
        .enumerated() {
            func send(_ secret: HTTPFields) async throws -> Answer {
                var fields = secret
                fields[.idempotencyKey] = "request \(number)"
                return try await fixture.send(.post, "/v1/jobs?class=a", fields: fields, body: [1])
            }
            let first = try await send(mine)
            #expect(first.status == 202)
            for other in others + [HTTPFields()] {
                let answer = try await send(other)
                #expect((answer.status, answer.code) == (422, "idempotency_key_reused"))
            }
            let again = try await send(mine)
            #expect(again.fields[.idempotentReplayed] == "true")
            #expect(try first.json(Shown.self).id == again.json(Shown.self).id)
        }
        #expect(try await fixture.store.statistics().images.total == 2)
    }

    @Test(
        "A preference that is not understood is as if it were not there",
        arguments: [
            ("wait=soon", false), ("wait", false), ("wait=-1", false), ("wait=", false),
            ("respond-async", false),
            ("wait=0", true), ("respond-async, wait=\"0\"; foo=bar", true),
            ("wait=x, wait=0", false),
        ]
    )
    func preferences(field: String, isApplied: Bool) async throws {
        let fixture = try await Fixture()
        let answer = try await fixture.send(
            .post,
            "/v1/jobs?class=a",
            fields: [.prefer: field],
            body: [1]
        )
        #expect(answer.status == 202)
        #expect((answer.fields[.preferenceApplied] != nil) == isApplied)
    }

    @Test(
        "A wait above a minute is a minute, however many digits it has, and one that is no number is refused"
    )
    func waits() async throws {
        #expect(API.seconds("59") == .seconds(59))
        for text in ["60", "61", "99999999999999999999999"] {
            #expect(API.seconds(text) == .seconds(60))
        }
        let fixture = try await Fixture()
        let path = try await fixture.upload([1])
        try await fixture.work()
        #expect(try await fixture.send(.get, "\(path)?wait=99999999999999999999999").status == 200)
        for text in ["", "x", "-1", "1.5", "+1"] {
            #expect(try await fixture.send(.get, "\(path)?wait=\(text)").code == "wait_invalid")
        }
    }

    @Test("Without a key there is 401, and another's job is 404")
    func authentication() async throws {
        let fixture = try await Fixture()
        let path = try await fixture.upload([1])
        let other = APIKeySecret(presented: "plm_of-somebody-else")
        _ = try await fixture.store.createKey(
            name: "o",
            scopes: [.submit, .read],
            hash: other.hash,
            prefix: other.prefix
        )
        for target in [
            path, "\(path)/images", "\(path)/archive.zip", "\(path)/images/1.png",
            "\(path)/images/1/report",
        ] {
            #expect(try await fixture.send(.get, target, key: nil).status == 401)
            #expect(try await fixture.send(.get, target, key: "plm_wrong").code == "key_invalid")
            #expect(try await fixture.send(.get, target, key: other.text).status == 404)
        }
        #expect(try await fixture.send(.delete, path, key: other.text).status == 404)
        #expect(try await fixture.send(.post, "\(path)/cancel", key: other.text).status == 404)
        #expect(try await fixture.send(.get, path).status == 200)
    }
}
