import BlobStorage
import Cryptography
import Foundation
import JobModel
import LocalBlobs
import Queue
import StoreHarness
import Testing

@testable import Operations

@Suite("Backups")
struct BackupTests {
    /// A fixture is open all the time, as a server's folder is; the backup goes beside it.
    private func backup(
        _ fixture: ServedFolder,
        to name: String = "backup"
    ) throws -> DataFolderBackup.Result {
        try DataFolderBackup(of: fixture.folder, to: "\(fixture.folder)-\(name)").run()
    }

    private func withFixture(_ body: (ServedFolder) async throws -> Void) async throws {
        let fixture = try await ServedFolder()
        defer {
            for name in ["backup", "second"] {
                try? FileManager.default.removeItem(atPath: "\(fixture.folder)-\(name)")
            }
        }
        try await body(fixture)
    }

    private func opened(_ fixture: ServedFolder, _ name: String = "backup") throws -> StoppedService
    {
        try StoppedService(dataFolder: "\(fixture.folder)-\(name)")
    }

    @Test(
        "A backup lies outside of what it is of",
        arguments: ["", "/", "/backup", "/blobs/../a/b", "/tmp/c/"]
    )
    func liesOutside(path: String) async throws {
        let fixture = try await ServedFolder()
        _ = try await fixture.submit([1, 2])
        let before = try FileManager.default.subpathsOfDirectory(atPath: fixture.folder).sorted()
        #expect(throws: StoppedService.Fault.self) {
            try DataFolderBackup(of: fixture.folder, to: fixture.folder + path).run()
        }
        #expect(
            try FileManager.default.subpathsOfDirectory(atPath: fixture.folder).sorted() == before
        )
    }

    @Test("A backup has every job and every file, and is a data folder")
    func isComplete() async throws {
        try await withFixture { fixture in
            let done = try await fixture.submit([1, 2])
            try await fixture.work()
            _ = try await fixture.submit([3])
            #expect(try backup(fixture) == DataFolderBackup.Result(linked: 3))
            let copy = try opened(fixture)
            let tenant = try #require(try await copy.store.keys().first).id
            let jobs = try await copy.store.jobs(tenant: tenant).jobs
            #expect(jobs.map(\.state) == [.queued, .done])
            #expect(jobs.last?.id == done)
            for sha256 in try await fixture.store.referencedBlobs() {
                #expect(SHA256.hash(try copy.blobs.read(sha256)) == sha256)
            }
            // What the original loses, the copy keeps.
            for sha256 in try fixture.blobs.list() { try fixture.blobs.remove(sha256) }
            #expect(try copy.blobs.list().count == 3)
            try copy.close()
        }
    }

    @Test("A second backup adds what is new and removes what is gone")
    func isBroughtUpToDate() async throws {
        try await withFixture { fixture in
            let first = try await fixture.submit([1])
            _ = try await fixture.submit([2])
            #expect(try backup(fixture) == DataFolderBackup.Result(linked: 2))
            try await fixture.erase(first)
            _ = try await fixture.submit([3])
            #expect(
                try backup(fixture) == DataFolderBackup.Result(linked: 1, present: 1, removed: 1)
            )
            let copy = try opened(fixture)
            #expect(Set(try copy.blobs.list()) == Set([[2], [3]].map { SHA256.hash($0) }))
            try copy.close()
        }
    }

    @Test("A file that the data folder has lost is told, and the rest is kept")
    func tellsLosses() async throws {
        try await withFixture { fixture in
            _ = try await fixture.submit([1])
            _ = try await fixture.submit([2])
            try fixture.blobs.remove(SHA256.hash([1]))
            let result = try backup(fixture)
            #expect(result == DataFolderBackup.Result(linked: 1, missing: 1))
            try opened(fixture).close()
        }
    }

    @Test("Keys come along, for their owner alone; the node's name does not")
    func copiesKeys() async throws {
        try await withFixture { fixture in
            _ = try await fixture.submit([1])
            try Data("node-1\n".utf8).write(to: URL(filePath: "\(fixture.folder)/node"))
            for name in ["admin-key", "signing-key"] {
                try Data("\(name) 0123456789abcdef".utf8).write(
                    to: URL(filePath: "\(fixture.folder)/\(name)")
                )
            }
            _ = try backup(fixture)
            for name in ["admin-key", "signing-key"] {
                let copy = "\(fixture.folder)-backup/\(name)"
                #expect(
                    try String(contentsOfFile: copy, encoding: .utf8) == "\(name) 0123456789abcdef"
                )
                let mode =
                    try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions]
                    as? Int
                #expect(mode == 0o600)
            }
            #expect(!FileManager.default.fileExists(atPath: "\(fixture.folder)-backup/node"))
        }
    }

    @Test("Nothing but a backup is written over, and nothing but a data folder is backed up")
    func refuses() async throws {
        try await withFixture { fixture in
            _ = try await fixture.submit([1])
            func fault(_ source: String, _ destination: String) -> String? {
                do throws(StoppedService.Fault) {
                    _ = try DataFolderBackup(of: source, to: destination).run()
                    return nil
                } catch {
                    return error.description
                }
            }
            let other = "\(fixture.folder)-second"
            #expect(
                fault(other, fixture.folder + "-backup")?.contains("is not a data folder") == true
            )
            try FileManager.default.createDirectory(
                atPath: other,
                withIntermediateDirectories: true
            )
            try Data("x".utf8).write(to: URL(filePath: other + "/photo.jpg"))
            #expect(fault(fixture.folder, other)?.contains("holds photo.jpg") == true)
            try FileManager.default.removeItem(atPath: other + "/photo.jpg")
            #expect(fault(fixture.folder, other) == nil)
            // One that somebody has open.
            let copy = try opened(fixture, "second")
            #expect(fault(fixture.folder, other) != nil)
            try copy.close()
            try fixture.store.close()
            #expect(fault(other, other)?.contains("its own backup") == true)
        }
    }

    @Test(
        "With its arguments swapped, the data folder stays as it is; so does a backup that was served since"
    )
    func isNoDataFolder() async throws {
        try await withFixture { fixture in
            let (folder, copy) = (fixture.folder, "\(fixture.folder)-backup")
            _ = try await fixture.submit([1])
            _ = try backup(fixture)
            _ = try await fixture.submit([2])
            try fixture.store.close()
            // They may stay though nothing is in them, and would tell it from a backup.
            for end in ["wal", "shm"] {
                try? FileManager.default.removeItem(atPath: "\(folder)/palimpsest.sqlite-\(end)")
            }
            func fault(_ source: String, _ destination: String) -> String? {
                do throws(StoppedService.Fault) {
                    _ = try DataFolderBackup(of: source, to: destination).run()
                    return nil
                } catch {
                    return error.description
                }
            }
            let database = try Data(contentsOf: URL(filePath: folder + "/palimpsest.sqlite"))
            #expect(fault(copy, folder)?.contains("is a data folder, not a backup") == true)
            #expect(try fixture.blobs.list().count == 2)
            #expect(try Data(contentsOf: URL(filePath: folder + "/palimpsest.sqlite")) == database)

            // What a server does with the folder that it serves.
            try DataFolder(path: copy).stopBeingBackup()
            #expect(fault(folder, copy)?.contains("has been served since") == true)
            // One that was killed before anything was in it is begun anew.
            for name in try FileManager.default.contentsOfDirectory(atPath: copy)
            where name != "lock" {
                try FileManager.default.removeItem(atPath: "\(copy)/\(name)")
            }
            #expect(fault(folder, copy) == nil)
            #expect(fault(folder, copy) == nil)
        }
    }

    /// Jobs are made, worked on and erased all the while; the erased ones' files vanish between the copy of the database and its own.
    @Test("While everything changes, a backup is of one moment", .timeLimit(.minutes(10)))
    func isConsistent() async throws {
        try await withFixture { fixture in
            let busy = Task {
                var jobs: [JobIdentifier] = []
                var count: UInt8 = 0
                while !Task.isCancelled {
                    count &+= 1
                    jobs.append(
                        try await fixture.submit([
                            count, .random(in: 0...255), .random(in: 0...255),
                        ])
                    )
                    try await fixture.work()
                    if jobs.count > 5 { try await fixture.erase(jobs.removeFirst()) }
                }
            }
            for _ in 0..<10 {
                let folder = fixture.folder
                let result = try await Task.detached {
                    try DataFolderBackup(of: folder, to: folder + "-backup").run()
                }
                .value
                #expect(result.missing == 0)
                let copy = try opened(fixture)
                let tenant = try #require(try await copy.store.keys().first).id
                for job in try await copy.store.jobs(tenant: tenant).jobs {
                    for image in try await copy.store.images(job: job.id) {
                        for blob in [image.input, image.output].compactMap({ $0 }) {
                            #expect(try copy.blobs.read(blob.sha256).count == Int(blob.size))
                        }
                    }
                }
                try copy.close()
                for name in ["-wal", "-shm"] {
                    try? FileManager.default.removeItem(
                        atPath: "\(folder)-backup/palimpsest.sqlite\(name)"
                    )
                }
            }
            busy.cancel()
            do { try await busy.value } catch is CancellationError {}
        }
    }
}
