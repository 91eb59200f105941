import CodecHost
import Cryptography
import JobModel
import Synchronization

/// The user's own semantic images for the classes of this run's photos.
struct ImportedClasses: Sendable {
    /// The locations of a class's pictures, in order; at least one.
    typealias Pictures = [SemanticImageShelf.Place]

    private let pictures: [ClassLabel: Pictures]
    private let shelf: SemanticImageShelf?

    /// Creates an empty collection: all semantic images are generated.
    init() {
        pictures = [:]
        shelf = nil
    }

    /// Checks and stores the pictures of some classes.
    ///
    /// - Parameters:
    ///   - folder: The folder of semantic images.
    ///   - labels: The classes of the photos; pictures of other classes are not read.
    ///   - mode: The protection mode; class-wise needs only a class's first picture.
    ///   - codecs: The processes that decode the pictures.
    ///   - output: The folders of the run; the pictures are kept on the disk of the reports.
    /// - Throws: ``CommandFault``, which names the first unusable picture.
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
            shelf = SemanticImageShelf(on: try output.reports.unnamedFile())
        } catch {
            throw Self.unkept(error)
        }
        let places = Mutex<[Int: SemanticImageShelf.Place]>([:])
        do {
            try await SemanticImageReader(codecs: codecs)
                .read(classes.flatMap(\.files)) { number, picture in
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

    /// Returns the semantic images of a class: its own pictures, or the generated assignment.
    func artefact(of label: ClassLabel, generated: ClassAssignment) -> ClassArtefact {
        pictures[label].map { .imported(count: $0.count) } ?? .generated(generated)
    }

    /// Returns the location of a class's picture at a position, counted from 0.
    func place(of position: Int, label: ClassLabel) -> SemanticImageShelf.Place? {
        pictures[label].flatMap { $0.indices.contains(position) ? $0[position] : nil }
    }

    /// Reads a picture, blocking on the disk.
    func picture(at place: SemanticImageShelf.Place) throws(OutputFolder.Fault) -> HashedBytes {
        guard let shelf else { preconditionFailure("a place is on a shelf") }
        return try shelf.picture(at: place)
    }

    private static func unkept(_ fault: OutputFolder.Fault) -> CommandFault {
        CommandFault("The semantic images could not be kept beside the results: \(fault).")
    }
}
