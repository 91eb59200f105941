import Cryptography
import JobModel

/// The results that earlier runs left for one class, from a listing of its folder and that of its
/// reports.
///
/// A result belongs to the photo whose hash is in its report. Its name proves nothing, because
/// names are numbered in the order in which photos arrived. A file without such a report belongs to
/// somebody else. Its name is taken, but it is not a result and is never overwritten.
struct EarlierResults {
    /// A complete or partial result.
    struct Result {
        /// How much of the result exists, in order of preference if a photo has several.
        enum State: CaseIterable {
            /// Both the picture and its report.
            case complete
            /// A result that an interrupted run requested from a server.
            case open
            /// Only the report, as left by a run that was killed before it wrote the picture.
            case remnant
        }

        let name: OutputName
        /// The hash of the photo from which the result was made.
        let original: SHA256Digest
        let state: State
        /// The report; `nil` while the result is open.
        let report: ProtectionReport?
    }

    /// The owner of a name.
    struct NameOwner {
        /// The hash of the owner's photo, if known.
        ///
        /// A copy of that photo gets the next number without a remark.
        let original: SHA256Digest?
        /// A sentence without its full stop that explains who has the name.
        let description: String
    }

    /// The complete and partial results.
    private(set) var results: [Result] = []
    /// The base names that are taken.
    private(set) var names: [String] = []
    private var nameOwners: [String: NameOwner] = [:]

    /// Lists the folder of a class.
    ///
    /// - Parameters:
    ///   - label: The class.
    ///   - output: The output folder.
    ///   - open: The photos of the class that interrupted runs sent or were about to send.
    init(of label: ClassLabel, in output: OutputFolder, open: [Batch.Entry]) {
        let folder = output.folder(of: label)
        let files = FolderListing.texts(in: folder)
        let pictures = Dictionary(
            grouping: ProtectedFile.pictureSuffixes.flatMap { suffix in
                Self.bases(of: files, before: suffix).map { (base: $0, suffix: suffix) }
            },
            by: \.base
        )
        let reports = Self.reports(of: label, in: output, besidePictures: files)
        let openNames = Set(open.map { OutputName.folded($0.picture.name.base) })
        for base in Set(pictures.keys).union(reports.keys).sorted() {
            let report = reports[base].flatMap(ProtectedFile.report)
            let suffixes = (pictures[base] ?? []).map(\.suffix)
            // A picture in another format than its report's is somebody else's.
            let suffix = report.map { ".\($0.output.format.fileExtension)" } ?? suffixes.first
            let hasPicture = suffix.map(suffixes.contains) ?? false
            let shown = StandardError.printable(
                hasPicture
                    ? "\(folder)/\(base)\(suffix ?? "")"
                    : reports[base] ?? "\(folder)/\(base)"
            )
            let original = report.flatMap { SHA256Digest(hex: $0.inputSHA256) }
            names.append(base)
            if let report, let original, report.label == label {
                let made = hasPicture ? "was made from" : "is about"
                hold(base, by: original, "\(shown) \(made) another photo of that name")
                // The interrupted run describes its open photos, so add those below.
                guard !openNames.contains(OutputName.folded(base)),
                    let name = OutputName(given: base)
                else { continue }
                results.append(
                    Result(
                        name: name,
                        original: original,
                        state: hasPicture ? .complete : .remnant,
                        report: report
                    )
                )
            } else if let report, original != nil {
                hold(base, by: nil, "\(shown) was made for the class \(report.label)")
            } else {
                hold(
                    base,
                    by: nil,
                    "\(shown) is there, and no report on it says from which photo it was made"
                )
            }
        }
        for entry in open {
            let name = entry.picture.name
            let shown = StandardError.printable("\(folder)/\(name.base)")
            names.append(name.base)
            hold(
                name.base,
                by: entry.sha256,
                "an interrupted call makes \(shown) from another photo of that name"
            )
            results.append(
                Result(name: name, original: entry.sha256, state: .open, report: nil)
            )
        }
        // On a case-insensitive file system, `.PNG` and `.JSON` files take these names too.
        names += files.filter(Self.isOfSuchKind).map {
            String($0[..<($0.lastIndex(of: ".") ?? $0.endIndex)])
        }
    }

    /// Returns the owner of a name, or `nil` if the name is free.
    func owner(of name: OutputName) -> NameOwner? { nameOwners[OutputName.folded(name.base)] }

    /// Matches photos with their results, each result with one photo: copies need as many results.
    ///
    /// Complete results come before partial ones, and a result of the photo's own name before
    /// others, so that copies do not swap results.
    ///
    /// - Parameter photos: The photos' usual result names and their hashes.
    /// - Returns: The result of each photo, in order; `nil` for photos without one.
    func matches(_ photos: [(name: OutputName, original: SHA256Digest)]) -> [Result?] {
        var free = Dictionary(grouping: results, by: \.original)
        var matches = [Result?](repeating: nil, count: photos.count)
        for state in Result.State.allCases {
            for isOwnName in [true, false] {
                for (index, photo) in photos.enumerated() where matches[index] == nil {
                    let place = free[photo.original]?.firstIndex { result in
                        result.state == state && (!isOwnName || result.name == photo.name)
                    }
                    if let place { matches[index] = free[photo.original]?.remove(at: place) }
                }
            }
        }
        return matches
    }

    // MARK: - Steps

    private mutating func hold(_ base: String, by original: SHA256Digest?, _ description: String) {
        nameOwners[OutputName.folded(base)] = NameOwner(
            original: original,
            description: description
        )
    }

    /// Returns the paths of the reports by the names of their results.
    private static func reports(
        of label: ClassLabel,
        in output: OutputFolder,
        besidePictures files: [String]
    ) -> [String: String] {
        func paths(_ files: [String], in folder: String) -> [(String, String)] {
            bases(of: files, before: ProtectedFile.reportSuffix).map {
                ($0, "\(folder)/\($0)\(ProtectedFile.reportSuffix)")
            }
        }
        let folder = output.reportFolder(of: label)
        return Dictionary(
            paths(FolderListing.texts(in: folder), in: folder)
                + paths(files, in: output.folder(of: label)),
            uniquingKeysWith: { own, _ in own }
        )
    }

    private static func bases(of files: [String], before suffix: String) -> [String] {
        files.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }
    }

    private static func isOfSuchKind(_ file: String) -> Bool {
        let name = file.lowercased()
        return ProtectedFile.pictureSuffixes.contains(where: name.hasSuffix)
            || name.hasSuffix(ProtectedFile.reportSuffix)
    }
}
