import Cryptography
import JobModel
import Synchronization
import Workers

/// The semantic images that a call takes from a folder instead of the generator: those of its photos' classes.
struct ImportedClasses: Sendable {
    /// Where the pictures of a class are kept, in their order; never empty.
    typealias Pictures = [SemanticImageShelf.Place]

    private let pictures: [ClassLabel: Pictures]
    private let shelf: SemanticImageShelf?

    /// None: the generator draws everything.
    init() {
        pictures = [:]
        shelf = nil
    }

    /// Has the pictures of some classes checked, and keeps what was made of them.
    ///
    /// - Parameters:
    ///   - folder: The folder that was named.
    ///   - labels: The classes of the photos; those of others are left unread.
    ///   - mode: Class-wise needs a class's first picture alone.
    ///   - codecs: Who decodes.
    ///   - output: Beside the results is room for the pictures.
    /// - Throws: ``CommandFault`` that names the first picture that cannot be used.
    init(
        from folder: SemanticImageFolder,
        labels: Set<ClassLabel>,
        mode: ProtectionMode,
        codecs: CodecPool,
        output: OutputFolder
    ) async throws {
        let classes = folder.classes.filter { labels.contains($0.label) }.map { folder in
            (
                label: folder.label,
                files: mode == .classWise ? Array(folder.files.prefix(1)) : folder.files
            )
        }
        let shelf: SemanticImageShelf
        do throws(OutputFolder.Fault) {
            shelf = SemanticImageShelf(on: try output.unnamedFile())
        } catch {
            throw Self.unkept(error)
        }
        let places = Mutex<[Int: SemanticImageShelf.Place]>([:])
        do {
            try await SemanticImageReader(codecs: codecs).read(classes.flatMap(\.files)) {
                number,
                picture in
                let place = try shelf.add(picture)
                places.withLock { $0[number] = place }
            }
        } catch let fault as OutputFolder.Fault {
            throw Self.unkept(fault)
        }
        var pictures: [ClassLabel: Pictures] = [:]
        var first = 0
        for (label, files) in classes {
            pictures[label] = places.withLock { places in
                (first..<first + files.count).compactMap { places[$0] }
            }
            first += files.count
        }
        self.pictures = pictures
        self.shelf = shelf
    }

    /// What a class has: its pictures, or what its assignment generates.
    func artefact(of label: ClassLabel, generated: ClassAssignment) -> ClassArtefact {
        pictures[label].map { .imported(count: $0.count) } ?? .generated(generated)
    }

    /// The place of one of a class's pictures, counted from 0.
    func place(of position: Int, label: ClassLabel) -> SemanticImageShelf.Place? {
        pictures[label].flatMap { $0.indices.contains(position) ? $0[position] : nil }
    }

    /// The picture of a place, blocking on the disk.
    func picture(at place: SemanticImageShelf.Place) throws(OutputFolder.Fault) -> HashedBytes {
        guard let shelf else { preconditionFailure("a place is on a shelf") }
        return try shelf.picture(at: place)
    }

    private static func unkept(_ fault: OutputFolder.Fault) -> CommandFault {
        CommandFault("The semantic images could not be kept beside the results: \(fault).")
    }
}
