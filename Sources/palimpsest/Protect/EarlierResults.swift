import Cryptography
import JobModel

/// What earlier calls have left in the folder of one class's results, found out by listing it once.
///
/// A result belongs to the photo whose hash its report holds. Its name says nothing about that: names are numbered in
/// the order in which photos came. A file without such a report is somebody's, so its name is taken, and it is neither
/// a result nor ever overwritten.
struct EarlierResults {
    /// A result, or what there is of one.
    struct Result {
        /// How much of it there is; the cases are in the order in which a photo chooses among equal results.
        enum State: CaseIterable {
            /// The picture and its report.
            case complete
            /// What an interrupted call has asked a server for.
            case open
            /// The report alone, as a call leaves it that is killed between the two.
            case remnant
        }

        let name: OutputName
        /// The hash of the photo that it was made from.
        let original: SHA256Digest
        let state: State
    }

    /// Who has a name.
    struct Holder {
        /// The hash of the photo, where there is one; a copy of it may have the next number without a word.
        let original: SHA256Digest?
        /// In one sentence without its full stop.
        let description: String
    }

    /// Everything that a photo can be known by.
    private(set) var results: [Result] = []
    /// The names of all files there, without their extensions.
    private(set) var names: [String] = []
    private var holders: [String: Holder] = [:]

    /// Lists a folder.
    ///
    /// - Parameters:
    ///   - label: The class.
    ///   - output: The folder of all results.
    ///   - open: The class's photos that interrupted calls have sent, or were about to send.
    init(of label: ClassLabel, in output: OutputFolder, open: [Batch.Entry]) {
        let folder = output.folder(of: label)
        let files = FolderListing.texts(in: folder)
        let pictures = Set(Self.bases(of: files, before: ProtectedFile.pictureSuffix))
        let reports = Set(Self.bases(of: files, before: ProtectedFile.reportSuffix))
        let openNames = Set(open.map { OutputName.folded($0.picture.name.base) })
        for base in pictures.union(reports).sorted() {
            let hasPicture = pictures.contains(base)
            let suffix = hasPicture ? ProtectedFile.pictureSuffix : ProtectedFile.reportSuffix
            let shown = StandardError.printable("\(folder)/\(base)\(suffix)")
            let report =
                reports.contains(base)
                ? ProtectedFile.report(at: "\(folder)/\(base)\(ProtectedFile.reportSuffix)") : nil
            let original = report.flatMap { SHA256Digest(hex: $0.inputSHA256) }
            names.append(base)
            if let report, let original, report.label == label {
                let made = hasPicture ? "was made from" : "is about"
                hold(base, by: original, "\(shown) \(made) another photo of that name")
                // What is open is known from the call that was interrupted.
                guard !openNames.contains(OutputName.folded(base)),
                    let name = OutputName(given: base)
                else { continue }
                results.append(
                    Result(name: name, original: original, state: hasPicture ? .complete : .remnant)
                )
            } else if let report, original != nil {
                hold(base, by: nil, "\(shown) was made for the class \(report.label)")
            } else {
                hold(
                    base,
                    by: nil,
                    "\(shown) is there, and no report beside it says from which photo it was made"
                )
            }
        }
        for entry in open {
            let name = entry.picture.name
            let shown = StandardError.printable("\(folder)/\(name.fileName)")
            names.append(name.base)
            hold(
                name.base,
                by: entry.sha256,
                "an interrupted call makes \(shown) from another photo of that name"
            )
            results.append(Result(name: name, original: entry.sha256, state: .open))
        }
        // Files of other extensions may have these names on file systems that do not tell case apart.
        names += files.filter(Self.isOfSuchKind).map {
            String($0[..<($0.lastIndex(of: ".") ?? $0.endIndex)])
        }
    }

    /// Who has a name that is not free.
    func holder(of name: OutputName) -> Holder? { holders[OutputName.folded(name.base)] }

    /// Says which photos have results, each its own: copies of a photo have as many results as there are copies.
    ///
    /// What is complete is chosen before what is not, and the result of the photo's own name before others, so that a
    /// result does not change hands between copies.
    ///
    /// - Parameter photos: The names that they would have and their hashes, in their order.
    /// - Returns: The result of each; `nil` for those that have none.
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
        holders[OutputName.folded(base)] = Holder(original: original, description: description)
    }

    private static func bases(of files: [String], before suffix: String) -> [String] {
        files.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }
    }

    private static func isOfSuchKind(_ file: String) -> Bool {
        let name = file.lowercased()
        return name.hasSuffix(ProtectedFile.pictureSuffix)
            || name.hasSuffix(ProtectedFile.reportSuffix)
    }
}
