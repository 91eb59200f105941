import Cryptography
import JobModel
import POSIX

/// Separates the photos that have results of earlier runs from those that need new names.
///
/// A photo is identified by its hash. Its result therefore keeps its name, whatever photos are
/// added, and a different photo of the same name gets a number.
struct EarlierResultSorting {
    /// The photos to protect, each with the name of its result.
    private(set) var pictures: [PlannedPicture]
    /// The photos that cannot be protected.
    private(set) var faults: [PictureFault] = []
    /// The photos that are refused because they have a result.
    private(set) var done: [PictureFault] = []
    /// The number of photos skipped because they have a result.
    private(set) var kept = 0
    /// How many of the skipped photos were protected with other settings than those of this run.
    private(set) var keptOfOtherSettings = 0
    /// The number of photos that an interrupted run sent or was about to send.
    private(set) var resumed = 0
    /// One sentence for each result that does not get its usual name, with the reason.
    private(set) var renamed: [String] = []

    private var names = OutputNames()
    private let sources: Set<FileIdentity>
    private let output: OutputFolder
    private let format: OutputFormat

    /// Sorts photos.
    ///
    /// - Parameters:
    ///   - photos: The photos, with the names that their results would have in an empty folder.
    ///   - sources: The identities of the photos of this run, which no result may replace.
    ///   - output: The output folder.
    ///   - existing: What to do with photos that have a result.
    ///   - settings: The settings of this run.
    ///   - open: The photos that interrupted runs sent or were about to send, which are skipped.
    ///   - isQuiet: Whether to suppress the progress message on a terminal.
    init(
        of photos: [PlannedPicture],
        _ sources: Set<FileIdentity>,
        in output: OutputFolder,
        _ existing: ExistingResults,
        settings: ProtectionSettings,
        open: [Batch.Entry],
        isQuiet: Bool
    ) {
        pictures = photos
        self.sources = sources
        self.output = output
        format = settings.output.format
        let openOfClass = Dictionary(grouping: open, by: \.picture.label)
        var earlier: [ClassLabel: EarlierResults] = [:]
        for label in Set(photos.map(\.label)) {
            let results = EarlierResults(of: label, in: output, open: openOfClass[label] ?? [])
            for name in results.names { names.reserve(name, in: label) }
            earlier[label] = results
        }
        hash(where: { earlier[$0.label]?.results.isEmpty == false }, isQuiet: isQuiet)
        let matches = matches(in: earlier)
        var wanted: [PlannedPicture] = []
        for (index, var picture) in pictures.enumerated() {
            guard let result = matches[index] else {
                if let named = named(picture, earlier[picture.label]) { wanted.append(named) }
                continue
            }
            picture.name = result.name
            let path = output.picturePath(
                of: picture,
                in: result.report?.output.format ?? format
            )
            switch (result.state, existing) {
            case (.open, _): resumed += 1
            case (.remnant, _): wanted.append(picture)
            case (.complete, .kept):
                kept += 1
                if result.report?.agrees(with: settings) == false { keptOfOtherSettings += 1 }
            case (.complete, .refused): done.append(Self.refusal(of: picture, path))
            case (.complete, .overwritten):
                let newPath = output.picturePath(of: picture, in: format)
                if !isPhoto(path, for: picture), path == newPath || !isPhoto(newPath, for: picture)
                {
                    wanted.append(picture)
                }
            }
        }
        pictures = wanted
    }

    // MARK: - Steps

    /// Hashes the wanted photos, and refuses those that cannot be read.
    private mutating func hash(where isWanted: (PlannedPicture) -> Bool, isQuiet: Bool) {
        let indices = pictures.indices.filter { isWanted(pictures[$0]) }
        let hashes = PhotoHashes.of(indices.map { pictures[$0].path }, isQuiet: isQuiet)
        var unreadable: Set<Int> = []
        for (index, hash) in zip(indices, hashes) {
            switch hash {
            case .success(let digest): pictures[index].sha256 = digest
            case .failure(let fault):
                unreadable.insert(index)
                faults.append(PictureFault(path: pictures[index].shownPath, failure: fault.failure))
            }
        }
        guard !unreadable.isEmpty else { return }
        pictures = pictures.indices.filter { !unreadable.contains($0) }.map { pictures[$0] }
    }

    /// Returns the results that photos have, by the photos' indices in ``pictures``.
    private func matches(in earlier: [ClassLabel: EarlierResults]) -> [Int: EarlierResults.Result] {
        var matches: [Int: EarlierResults.Result] = [:]
        for (label, indices) in Dictionary(grouping: pictures.indices, by: { pictures[$0].label }) {
            let photos = indices.compactMap { index in
                pictures[index].sha256.map {
                    (index: index, name: pictures[index].name, original: $0)
                }
            }
            let results = earlier[label]?.matches(photos.map { ($0.name, $0.original) }) ?? []
            for (photo, result) in zip(photos, results) { matches[photo.index] = result }
        }
        return matches
    }

    /// Gives a new photo the name of its result, and records a rename if an earlier result has its
    /// usual name.
    ///
    /// - Returns: The photo, or `nil` if its usual path is that of a photo of this run.
    private mutating func named(
        _ photo: PlannedPicture,
        _ earlier: EarlierResults?
    ) -> PlannedPicture? {
        guard !isPhoto(output.picturePath(of: photo, in: format), for: photo) else { return nil }
        var picture = photo
        picture.name = names.take(photo.name, in: photo.label)
        if let nameOwner = earlier?.owner(of: photo.name),
            nameOwner.original == nil || nameOwner.original != photo.sha256
        {
            let (path, result) = (photo.path, output.picturePath(of: picture, in: format))
            renamed.append(
                "\(StandardError.printable(path)) becomes \(StandardError.printable(result)): \(nameOwner.description)"
            )
        }
        return picture
    }

    /// Whether a path is that of a photo of this run, in which case the result would replace it.
    ///
    /// If so, this records a fault.
    private mutating func isPhoto(_ path: String, for picture: PlannedPicture) -> Bool {
        guard case .file(let identity, _) = FileKind(path: path), sources.contains(identity) else {
            return false
        }
        let detail =
            "The result would lie at \(StandardError.printable(path)), which is a photo of this call; name another --out."
        faults.append(
            PictureFault(
                path: picture.shownPath,
                failure: ImageFailure(code: "output_is_input", detail: detail)
            )
        )
        return true
    }

    private static func refusal(of picture: PlannedPicture, _ result: String) -> PictureFault {
        let detail =
            "There is a result for it already, \(StandardError.printable(result)); --force overwrites it, "
            + "--skip-existing goes on without it."
        let failure = ImageFailure(code: "output_exists", detail: detail)
        return PictureFault(path: picture.shownPath, failure: failure, isDone: true)
    }
}
