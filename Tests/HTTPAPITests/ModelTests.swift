import Cryptography
import FoundationEssentials
import HTTPTypes
import JobModel
import Queue
import StoreHarness
import Testing

@testable import HTTPAPI

@Suite("/v1/models")
struct ModelTests {
    private static let hash = SHA256.hash(Array("recipe".utf8))
    private static let table = #"{"cells": [{"mean": 12.720000000000001, "probe": null}]}"#

    private static func models() throws -> [OfferedModel] {
        [
            .named("wide"),
            OfferedModel(
                name: try #require(ModelName(rawValue: "noise")),
                method: MethodID(rawValue: "class-noise"),
                settings: [MethodSetting("level", values: 1...4, standard: 2)],
                sha256: hash,
                statement: WeightsStatement(
                    licence: "Apache-2.0 \"\\",
                    photoMask: .perceptual,
                    recipeSHA256: hash,
                    protection: JSONObject(Array(table.utf8))
                )
            ),
            .named("Broad"),
        ]
    }

    private struct Shown: Decodable {
        let `default`: String
        let models: [Model]

        struct Model: Decodable {
            let name: String
            let method: String
            let modelSha256: String
            let licence: String
            let photoMask: String
            let methodSettings: [Setting]
            let recipeSha256: String?
            let protection: Protection?
        }
        struct Setting: Decodable, Equatable {
            let name: String
            let values: [Int]
            let `default`: Int
        }
        struct Protection: Decodable { let cells: [[String: Double?]] }
    }

    @Test("All models are listed by name, with what their files state")
    func listsModels() async throws {
        let fixture = try await Fixture(models: Self.models())
        let answer = try await fixture.send(.get, "/v1/models")
        #expect(answer.status == 200 && answer.fields[.contentType] == "application/json")
        let shown = try answer.json(Shown.self)
        #expect(shown.default == "wide")
        #expect(shown.models.map(\.name) == ["Broad", "noise", "wide"])
        let noise = shown.models[1]
        #expect(noise.method == "class-noise" && noise.modelSha256 == Self.hash.hex)
        #expect(noise.licence == "Apache-2.0 \"\\" && noise.photoMask == "perceptual")
        #expect(noise.methodSettings == [.init(name: "level", values: [1, 4], default: 2)])
        #expect(noise.recipeSha256 == Self.hash.hex)
        #expect(noise.protection?.cells == [["mean": 12.720000000000001, "probe": nil]])
        #expect(answer.text.contains("\"protection\":\(Self.table)}"))
        let plain = shown.models[2]
        #expect(plain.method == "deep-hiding" && plain.methodSettings.isEmpty)
        #expect(plain.licence.isEmpty && plain.photoMask == "channels")
        #expect(plain.recipeSha256 == nil && plain.protection == nil)
        // The member is there, and null.
        #expect(answer.text.contains("\"protection\":null}"))
    }

    @Test("Who has the list gets it no second time")
    func answersConditions() async throws {
        let fixture = try await Fixture()
        let answer = try await fixture.send(.get, "/v1/models")
        let tag = try #require(answer.fields[.eTag])
        #expect(answer.fields[.cacheControl] == "private, no-cache")
        let again = try await fixture.send(.get, "/v1/models", fields: [.ifNoneMatch: tag])
        #expect(again.status == 304 && again.body.isEmpty && again.fields[.eTag] == tag)
        let other = try await Fixture(models: [.named("other")])
        let changed = try await other.send(.get, "/v1/models", fields: [.ifNoneMatch: tag])
        #expect(changed.status == 200 && changed.fields[.eTag] != tag)
        let refused = try await other.send(.get, "/v1/models", fields: [.ifMatch: tag])
        #expect((refused.status, refused.code) == (412, "precondition_failed"))
    }

    @Test("The list needs the scope 'read', takes no parameters and is JSON")
    func refuses() async throws {
        let fixture = try await Fixture()
        #expect(try await fixture.send(.get, "/v1/models", key: nil).code == "key_missing")
        let submitter = APIKeySecret(presented: "plm_submits")
        _ = try await fixture.store.createKey(
            name: "submits",
            scopes: [.submit],
            hash: submitter.hash,
            prefix: submitter.prefix
        )
        let refused = try await fixture.send(.get, "/v1/models", key: "plm_submits")
        #expect((refused.status, refused.code) == (403, "scope_missing"))
        let limited = try await fixture.send(.get, "/v1/models?limit=5")
        #expect((limited.status, limited.code) == (400, "parameter_unknown"))
        let other = try await fixture.send(.get, "/v1/models", fields: [.accept: "image/png"])
        #expect((other.status, other.code) == (406, "not_acceptable"))
        let post = try await fixture.send(.post, "/v1/models")
        #expect(post.status == 405 && post.fields[.allow] == "GET, HEAD, OPTIONS")
        let head = try await fixture.send(.head, "/v1/models")
        #expect(head.status == 200 && head.fields[.eTag] != nil)
    }
}
