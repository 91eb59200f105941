import Cryptography
import JobModel
import Queue

/// The jobs of claimed images, with the artefacts of their classes as frozen when the jobs were
/// accepted; each is looked up once.
struct ClaimedJobs {
    private struct ClaimedJob {
        let id: JobIdentifier
        let tenant: APIKeyID
        let settings: ProtectionSettings
        let attachments: AttachmentRequest

        init(row: SQLRow) throws {
            guard let id = try JobIdentifier(row["id"] as String),
                let tenant = try APIKeyID(row["tenant"] as String)
            else { throw StoreError.corrupt("an image has no legal job") }
            self.id = id
            self.tenant = tenant
            settings = try JSONColumn.decode(ProtectionSettings.self, row["settings"])
            attachments = try AttachmentRequest(row: row)
        }
    }

    private struct Class: Hashable {
        let job: Int64
        let label: String
    }

    private struct Picture: Hashable {
        let list: Int64
        let position: Int
    }

    /// An artefact, and the list of its imported pictures if there is one.
    private typealias Frozen = (artefact: ClassArtefact, list: Int64?)

    private let db: any SQLSession
    private let jobs: [Int64: ClaimedJob]
    private let classes: [Class: Frozen]

    /// Looks up what some images need.
    init(_ db: any SQLSession, of images: some Sequence<WaitingImage>) throws {
        self.db = db
        let wanted = Set(images.map { Class(job: $0.job, label: $0.label) })
        var table = SQLTable("wanted", [.init("of", .integer), .init("class", .text)])
        for name in wanted { table.add([name.job, name.label]) }
        var jobs: [Int64: ClaimedJob] = [:]
        var classes: [Class: Frozen] = [:]
        for row in try db.rows(of: table, Self.sql) {
            let job: Int64 = try row["seq"]
            jobs[job] = try ClaimedJob(row: row)
            classes[Class(job: job, label: try row["label"])] = try Self.frozen(row)
        }
        self.jobs = jobs
        self.classes = classes
    }

    /// Makes claims of images, in the same groups.
    func claims(
        _ groups: [[(image: WaitingImage, token: ClaimToken)]],
        owner: WorkerOwner,
        now time: Int64
    ) throws -> [[ClaimedImage]] {
        let parts = try groups.map { try $0.map { try part(of: $0.image) } }
        let pictures = try pictures(parts.joined())
        return try zip(groups, parts).map { images, parts in
            try zip(images, parts).map { claimed, part in
                let image = claimed.image
                guard let job = jobs[image.job] else {
                    throw StoreError.corrupt("an image has no legal job")
                }
                return ClaimedImage(
                    jobID: job.id,
                    number: image.number,
                    token: claimed.token,
                    // It was read before the claim incremented it.
                    attempt: image.attempt + 1,
                    waited: .milliseconds(max(time - image.availableAt, 0)),
                    owner: owner,
                    tenant: job.tenant,
                    inputSHA256: image.input.sha256,
                    inputSize: image.input.size,
                    pixels: image.pixels,
                    label: try ClassLabel(image.label),
                    settings: job.settings,
                    artefact: try part.mapImported { picture throws(StoreError) in
                        guard let hash = pictures[picture] else {
                            throw StoreError.corrupt("a list of imported semantic images has a gap")
                        }
                        return hash
                    },
                    attachments: job.attachments
                )
            }
        }.filter { !$0.isEmpty }
    }

    private func part(of image: WaitingImage) throws -> ArtefactPart<Picture> {
        guard let job = jobs[image.job],
            let frozen = classes[Class(job: image.job, label: image.label)]
        else { throw StoreError.corrupt("a queued image has no class") }
        let part = frozen.artefact.part(for: image.input.sha256, mode: job.settings.mode)
        return part.mapImported { Picture(list: frozen.list ?? 0, position: $0) }
    }

    /// The files of pictures.
    private func pictures(
        _ parts: some Sequence<ArtefactPart<Picture>>
    ) throws -> [Picture: SHA256Digest] {
        let wanted = Set(
            parts.compactMap { part -> Picture? in
                if case .imported(let picture) = part { picture } else { nil }
            }
        )
        let order = Array(wanted)
        let answers = try db.rowsOfEach(
            "SELECT sha256 FROM listed_pictures WHERE list = ? AND position = ?",
            order.map { [$0.list, $0.position] }
        )
        var pictures: [Picture: SHA256Digest] = [:]
        for (picture, rows) in zip(order, answers) {
            pictures[picture] = try rows.first.map { try SHA256Digest(column: $0["sha256"]) }
        }
        return pictures
    }

    private static func sql(_ source: String) -> String {
        """
        SELECT jobs.seq, jobs.id, jobs.tenant, jobs.settings, jobs.previews, jobs.recovery_key,
            jobs.recovery_source, job_classes.label, job_classes.list, generator_version,
            family_seed, class_index, texture_seed,
            (SELECT count(*) FROM listed_pictures WHERE listed_pictures.list = job_classes.list)
                AS pictures
        FROM \(source) JOIN job_classes ON job_classes.job = wanted.of
                AND job_classes.label = wanted.class
            JOIN jobs ON jobs.seq = job_classes.job
            LEFT JOIN semantic_images ON semantic_images.tenant = jobs.tenant
                AND semantic_images.label = job_classes.label
        """
    }

    private static func frozen(_ row: SQLRow) throws -> Frozen? {
        guard let list: Int64 = try row["list"] else {
            guard try row["class_index"] as Int? != nil else { return nil }
            return (.generated(try ClassAssignment(row: row)), nil)
        }
        let count: Int = try row["pictures"]
        guard count > 0 else {
            throw StoreError.corrupt("a list of imported semantic images is empty")
        }
        return (.imported(count: count), list)
    }
}
