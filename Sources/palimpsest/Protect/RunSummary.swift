import JobModel

/// What `protect` or `submit` has done, or would do.
struct RunSummary: Encodable {
    /// A photo and its result.
    struct Photo: Encodable {
        let path: String
        let `class`: String
        let picture: String

        /// - Parameters:
        ///   - planned: The photo.
        ///   - path: The path of its result.
        init(_ planned: PlannedPicture, at path: String) {
            self.path = planned.shownPath
            `class` = planned.label.text
            picture = path
        }
    }

    /// A photo that is not protected, and why.
    struct Fault: Encodable {
        let path: String
        let code: String
        let detail: String
        /// Whether it has a result of an earlier call.
        let hasResult: Bool

        init(_ fault: PictureFault) {
            path = fault.path
            code = fault.failure.code
            detail = fault.failure.detail
            hasResult = fault.isDone
        }
    }

    let folder: String
    /// The folder of the reports.
    let reports: String
    let dryRun: Bool
    let photos: [Photo]
    let faults: [Fault]

    init(
        in output: OutputFolder,
        isDryRun: Bool,
        photos: [Photo] = [],
        faults: [Fault] = []
    ) {
        folder = output.path
        reports = output.reports.path
        dryRun = isDryRun
        self.photos = photos
        self.faults = faults
    }

    /// Describes what a run would do.
    init(of plan: InputPlan, in output: OutputFolder) {
        self.init(
            in: output,
            isDryRun: true,
            photos: plan.pictures.map {
                Photo($0, at: output.picturePath(of: $0, in: plan.format))
            },
            faults: plan.faults.map(Fault.init)
        )
    }

    /// A line for each photo that would be protected: class, photo and result, with tabs between.
    var text: String {
        photos.map { photo in
            let words = [photo.class, photo.path, photo.picture].map(StandardError.printable)
            return words.joined(separator: "\t") + "\n"
        }.joined()
    }
}
