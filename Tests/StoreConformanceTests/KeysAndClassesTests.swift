import Cryptography
import Foundation
import JobModel
import Queue
import StoreHarness
import Testing

@Suite struct KeysAndClassesTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    @Test func `A key is found by its secret alone, until it is revoked`() async throws {
        let store = try test.open()
        let secret = try APIKeySecret.generate()
        let key = try await store.createKey(
            name: "a",
            scopes: [.submit, .read],
            hash: secret.hash,
            prefix: secret.prefix
        )
        #expect(try await store.key(hash: APIKeySecret(presented: secret.text).hash) == key)
        #expect(try await store.key(hash: APIKeySecret(presented: secret.text + "x").hash) == nil)
        #expect(try await store.key(hash: APIKeySecret.generate().hash) == nil)
        #expect(key.scopes == [.submit, .read])
        #expect(try await store.revokeKey(key.id) == .revoked)
        #expect(try await store.revokeKey(key.id) == .revokedBefore)
        #expect(try await store.key(hash: secret.hash) == nil)
        #expect(try await store.keys().map(\.revokedAt) == [test.clock.now])
    }

    @Test func `Two keys of one hash cannot be`() async throws {
        let store = try test.open()
        let hash = try APIKeySecret.generate().hash
        _ = try await store.createKey(
            name: "a",
            scopes: [.submit, .read],
            hash: hash,
            prefix: "plm_"
        )
        await #expect(throws: StoreError.self) {
            try await store.createKey(
                name: "b",
                scopes: [.submit, .read],
                hash: hash,
                prefix: "plm_"
            )
        }
    }

    @Test func `A class keeps its semantic image over restarts and new generators`() async throws {
        let first = try test.open(generatorVersion: 1)
        let tenant = try await first.tenant()
        let cats = try await first.classAssignment(tenant: tenant, label: ClassLabel("cats"))
        let dogs = try await first.classAssignment(tenant: tenant, label: ClassLabel("dogs"))
        #expect(cats.classIndex == 0 && dogs.classIndex == 1)
        #expect(cats.familySeed == dogs.familySeed && cats.textureSeed != dogs.textureSeed)
        let second = try test.open(generatorVersion: 2)
        #expect(try await second.classAssignment(tenant: tenant, label: ClassLabel("cats")) == cats)
        let birds = try await second.classAssignment(tenant: tenant, label: ClassLabel("birds"))
        #expect(
            birds.classIndex == 2 && birds.generatorVersion == 2
                && birds.familySeed == cats.familySeed
        )
    }

    @Test func `Tenants have families of their own`() async throws {
        let store = try test.open()
        let label = try ClassLabel("cats")
        let one = try await store.classAssignment(tenant: store.tenant(), label: label)
        let other = try await store.classAssignment(tenant: store.tenant(), label: label)
        #expect(one.classIndex == 0 && other.classIndex == 0)
        #expect(one.familySeed != other.familySeed)
    }

    @Test func `Classes asked for all at once have different places, and one answer each`()
        async throws
    {
        let store = try test.open()
        let tenant = try await store.tenant()
        let answers = try await withThrowingTaskGroup(of: (String, ClassAssignment).self) { group in
            for number in 0..<120 {
                group.addTask {
                    let label = try ClassLabel("class-\(number % 40)")
                    return (
                        label.text, try await store.classAssignment(tenant: tenant, label: label)
                    )
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.0, default: Set()].insert($1.1) }
        }
        #expect(answers.count == 40)
        #expect(answers.values.allSatisfy { $0.count == 1 })
        #expect(Set(answers.values.flatMap { $0.map(\.classIndex) }) == Set(0..<40))
    }

    @Test func `Nobody's class has no semantic image`() async throws {
        let store = try test.open()
        await #expect(throws: StoreError.unknownTenant) {
            try await store.classAssignment(tenant: .random(), label: ClassLabel("cats"))
        }
    }
}
