import CodecHarness
import Foundation
import JobModel
import Testing

@testable import CodecHost

@Suite("The weights files that are loaded") struct ModelFilesTests {
    private func fault(_ path: String, default chosen: String? = nil) -> String? {
        do throws(ModelFiles.Fault) {
            _ = try ModelFiles(at: path, default: chosen.map(Material.name))
            return nil
        } catch {
            return error.description
        }
    }

    private func fill(_ folder: String, _ names: [String]) throws {
        for name in names { try Data([1]).write(to: URL(filePath: "\(folder)/\(name)")) }
    }

    @Test("A file is one model, called like the file, or default if that is no name")
    func takesAFile() async throws {
        #expect(ModelFiles(file: "/a/b-1.safetensors").names == [Material.name("b-1")])
        #expect(ModelFiles(file: "/proc/self/fd/63").names == [Material.name("63")])
        #expect(ModelFiles(file: "/a/my weights.safetensors").names == [Material.name("default")])
        try await Material.withFolder { folder in
            try fill(folder, ["one.safetensors"])
            let path = folder + "/one.safetensors"
            #expect(
                try ModelFiles(at: path, default: Material.name("one")).models.map(\.path) == [path]
            )
            #expect(
                fault(path, default: "two")
                    == "There is no model two in \(path); --model must be one."
            )
        }
    }

    @Test("In a folder every weights file is a model, and the default comes first")
    func takesAFolder() async throws {
        try await Material.withFolder { folder in
            try fill(
                folder,
                [
                    "c.safetensors", "a.safetensors", "b.2.safetensors", "README.md",
                    "._a.safetensors",
                ]
            )
            let files = try ModelFiles(at: folder, default: Material.name("b.2"))
            #expect(files.names.map(\.rawValue) == ["b.2", "a", "c"])
            #expect(
                files.models.map(\.path) == ["b.2", "a", "c"].map { "\(folder)/\($0).safetensors" }
            )
            #expect(files.onlyDefault.names.map(\.rawValue) == ["b.2"])
            #expect(
                fault(folder)
                    == "There are 3 models in \(folder); say by --model which is the default: a, b.2 or c."
            )
            #expect(
                fault(folder, default: "d")
                    == "There is no model d in \(folder); --model must be a, b.2 or c."
            )
        }
    }

    @Test("A folder of one weights file needs no default")
    func takesTheOnlyFile() async throws {
        try await Material.withFolder { folder in
            try fill(folder, ["only.safetensors"])
            #expect(try ModelFiles(at: folder, default: nil).names.map(\.rawValue) == ["only"])
        }
    }

    @Test("A folder is refused with no weights file, too many, or one whose name is none")
    func refusesFolders() async throws {
        try await Material.withFolder { folder in
            try fill(folder, ["README.md"])
            #expect(
                fault(folder) == "There is no weights file (*.safetensors) in the folder \(folder)."
            )
            try fill(folder, (0..<16).map { "m\($0).safetensors" })
            #expect(fault(folder, default: "m3") == nil)
            try fill(folder, ["m16.safetensors"])
            #expect(
                fault(folder, default: "m3")
                    == "There are 17 weights files in the folder \(folder); at most 16 are loaded."
            )
            try fill(folder, ["a b.safetensors"])
            #expect(
                fault(folder, default: "m3")
                    == "The weights file \(folder)/a b.safetensors names no model; before .safetensors there "
                    + "must be 1 to 64 letters, digits, '-', '_' and '.'."
            )
            #expect(fault(folder + "/none") != nil)
        }
    }

    @Test("A process may take more memory for each model beyond the first, and no more for one")
    func growsWithTheModels() async throws {
        try await Material.withFolder { folder in
            try fill(folder, ["a.safetensors", "b.safetensors", "c.safetensors"])
            var configuration = Material.realCodec()
            configuration.maxPixels = 50_000_000
            #expect(configuration.addressSpaceBytes == 4 << 30)
            configuration.models = try ModelFiles(at: folder, default: Material.name("a"))
            #expect(configuration.addressSpaceBytes == 5 << 30)
        }
    }
}
