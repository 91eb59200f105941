import Cryptography
import FoundationEssentials
import JobModel
import POSIX
import SemanticImages

/// Which class has which semantic image, without a database: `palimpsest-classes.json` in the folder of the results.
///
/// A class's index is its place in the order of first sight, its texture follows from the family seed and the index. So the file
/// needs to hold only the seed and the indices, and the same seed with the same classes in the same order gives the same images.
struct ClassRegistry {
    private struct File: Codable {
        var formatVersion: Int
        var generatorVersion: Int
        var familySeed: String
        var classes: [String: Int]

        enum CodingKeys: String, CodingKey {
            case classes
            case formatVersion = "format_version"
            case generatorVersion = "generator_version"
            case familySeed = "family_seed"
        }
    }

    private static let name = "palimpsest-classes.json"
    private static let formatVersion = 1

    private let familySeed: UInt64
    private let generatorVersion: Int
    private let isFresh: Bool
    private var indices: [String: Int] = [:]
    private var isChanged: Bool
    /// Whether the folder had no such file yet.
    private var isNew = false

    /// Reads the file of a folder, or begins one.
    ///
    /// - Parameters:
    ///   - folder: The folder of the results.
    ///   - familySeed: The seed that was asked for, which must be the one the folder has already.
    ///   - isFresh: Whether every picture gets a semantic image of its own.
    /// - Throws: ``CommandFault``.
    init(folder: OutputFolder, familySeed: UInt64?, isFresh: Bool) throws {
        self.isFresh = isFresh
        let path = "\(folder.path)/\(Self.name)"
        guard FileSystem.isPresent(path) else {
            self.familySeed = try familySeed ?? SecureRandom.uint64()
            generatorVersion = SemanticImageGenerator.version
            isChanged = true
            isNew = true
            return
        }
        let shown = StandardError.printable(path)
        guard let data = try? Data(contentsOf: URL(filePath: path)),
            let file = try? JSONDecoder().decode(File.self, from: data),
            file.formatVersion == Self.formatVersion,
            let seed = UInt64(file.familySeed),
            Set(file.classes.values).count == file.classes.count,
            file.classes.values.allSatisfy({ (0..<Int(Int32.max)).contains($0) })
        else {
            throw CommandFault(
                "\(shown) is not a list of classes of this version; move it away, or name another --out."
            )
        }
        guard familySeed == nil || familySeed == seed else {
            throw CommandFault(
                "\(shown) holds another family seed; leave --family-seed out, or name another --out."
            )
        }
        var indices: [String: Int] = [:]
        for (name, index) in file.classes {
            do throws(SettingsFault) {
                let label = try ClassLabel(name)
                indices[label.text] = index
            } catch {
                throw CommandFault(
                    "\(shown) has a class that cannot be: \(StandardError.printable(name)). \(error.detail)"
                )
            }
        }
        self.familySeed = seed
        // Version 1 was replaced before any release; its seeds draw the images of version 2.
        generatorVersion = file.generatorVersion == 1 ? 2 : file.generatorVersion
        self.indices = indices
        isChanged = generatorVersion != file.generatorVersion
    }

    /// Takes back what ``save(in:)`` wrote into a folder that had no such file, because no picture needs it.
    func removeIfNew(from folder: OutputFolder) {
        guard isNew else { return }
        _ = try? FileSystem.unlink("\(folder.path)/\(Self.name)")
        folder.removeIfMade()
    }

    /// The semantic image of a picture; a class that is new gets the next index.
    mutating func assignment(of picture: PlannedPicture) -> ClassAssignment {
        let label = picture.label.text
        let index = indices[label] ?? (indices.values.max() ?? -1) + 1
        if indices[label] == nil {
            indices[label] = index
            isChanged = true
        }
        guard isFresh else {
            return ClassAssignment(
                generatorVersion: generatorVersion,
                familySeed: familySeed,
                classIndex: index,
                textureSeed: seed("texture", String(index))
            )
        }
        let own = "\(label)/\(picture.name.base)"
        return ClassAssignment(
            generatorVersion: generatorVersion,
            familySeed: seed("fresh family", own),
            classIndex: 0,
            textureSeed: seed("fresh texture", own)
        )
    }

    /// Writes the file, for its owner's eyes alone, if it is not as it was.
    ///
    /// - Parameter folder: The folder of the results.
    /// - Throws: ``CommandFault``.
    func save(in folder: OutputFolder) throws {
        guard isChanged else { return }
        let file = File(
            formatVersion: Self.formatVersion,
            generatorVersion: generatorVersion,
            familySeed: String(familySeed),
            classes: indices
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do {
            let bytes = Array(try encoder.encode(file)) + [UInt8(ascii: "\n")]
            try folder.write(
                bytes,
                to: "\(folder.path)/\(Self.name)",
                isOverwriting: true,
                isSecret: true
            )
        } catch {
            throw CommandFault("\(Self.name) could not be written: \(error).")
        }
    }

    /// That a new file is a secret, to be said when the first picture needs it; `nil` for a file that was there.
    func announcement(in folder: OutputFolder) -> String? {
        guard isNew else { return nil }
        return
            "\(StandardError.printable("\(folder.path)/\(Self.name)")) holds the seed of the semantic images; "
            + "keep it, and do not publish it with the pictures"
    }

    /// A seed that follows from the family's and a purpose, and tells nothing about it.
    private func seed(_ purpose: String, _ what: String) -> UInt64 {
        let text = "palimpsest \(purpose)\n\(familySeed)\n\(what)"
        return SHA256.hash(Array(text.utf8)).bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
