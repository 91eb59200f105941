import Cryptography
import FoundationEssentials
import JobModel
import POSIX
import SemanticImages

/// Assigns semantic images to classes, using `palimpsest-classes.json` in the folder of
/// the reports.
///
/// A class's index is its position in the order in which the classes were first seen, and its
/// texture follows from the family seed and the index. The file therefore needs only the seed and
/// the indices. The same seed with the same classes in the same order gives the same images.
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
    /// Whether the folder had no registry file before this run.
    private var isNew = false
    /// Whether the file is still among the pictures, where earlier releases kept it.
    private let isMoving: Bool

    /// Reads the registry of a folder, or starts a new one.
    ///
    /// - Parameters:
    ///   - folder: The output folder.
    ///   - familySeed: The requested seed, which must match that of an existing registry.
    ///   - isFresh: Whether every picture gets its own semantic image, whatever its class.
    /// - Throws: ``CommandFault`` if the file is invalid or has another seed.
    init(folder: OutputFolder, familySeed: UInt64?, isFresh: Bool) throws {
        self.isFresh = isFresh
        let place = folder.file(called: Self.name)
        let path = place.earlierPath ?? place.path
        isMoving = place.earlierPath != nil
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
                "\(shown) is not a list of classes of this version; move it away, or name another --reports."
            )
        }
        guard familySeed == nil || familySeed == seed else {
            throw CommandFault(
                "\(shown) holds another family seed; leave --family-seed out, or name another --reports."
            )
        }
        var indices: [String: Int] = [:]
        for (name, index) in file.classes {
            do throws(SettingsFault) {
                let label = try ClassLabel(name)
                indices[label.text] = index
            } catch {
                throw CommandFault(
                    "\(shown) has an invalid class: \(StandardError.printable(name)). \(error.detail)"
                )
            }
        }
        self.familySeed = seed
        // Version 2 replaced version 1 before any release. Seeds of version 1 now draw images of
        // version 2.
        generatorVersion = file.generatorVersion == 1 ? 2 : file.generatorVersion
        self.indices = indices
        isChanged = isMoving || generatorVersion != file.generatorVersion
    }

    /// Removes the file that ``save(in:)`` created in this run, for when no picture was protected.
    func removeIfNew(from folder: OutputFolder) {
        guard isNew else { return }
        _ = try? FileSystem.unlink("\(folder.reports.path)/\(Self.name)")
    }

    /// Returns the semantic image of a picture, and gives a new class the next index.
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

    /// Writes the file, readable only by its owner, unless nothing changed, and removes the one of
    /// an earlier release from among the pictures.
    ///
    /// - Parameter folder: The output folder.
    /// - Throws: ``CommandFault`` if the file cannot be written.
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
            try folder.reports.write(
                bytes,
                to: "\(folder.reports.path)/\(Self.name)",
                isOverwriting: true,
                isSecret: true
            )
            if isMoving { try FileSystem.unlink("\(folder.path)/\(Self.name)") }
        } catch {
            throw CommandFault("\(Self.name) could not be written: \(error).")
        }
    }

    /// Returns the message that the new or moved file is a secret; `nil` if it was already there.
    ///
    /// It is to be printed when the first picture is protected.
    func announcement(in folder: OutputFolder) -> String? {
        let path = StandardError.printable("\(folder.reports.path)/\(Self.name)")
        guard !isMoving else {
            return
                "\(path) now holds the seed of the semantic images, which is no longer among the pictures"
        }
        guard isNew else { return nil }
        return
            "\(path) holds the seed of the semantic images; keep it, and do not publish it with the pictures"
    }

    /// Derives a seed from the family seed and a purpose, without revealing the family seed.
    private func seed(_ purpose: String, _ what: String) -> UInt64 {
        let text = "palimpsest \(purpose)\n\(familySeed)\n\(what)"
        return SHA256.hash(Array(text.utf8)).bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
