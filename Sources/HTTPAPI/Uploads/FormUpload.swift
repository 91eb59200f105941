import BlobStorage
import HTTPTypes
import HTTPWire
import JobModel
import Synchronization

/// Decodes a `multipart/form-data` body as it arrives.
///
/// Files go to disk. A field applies to the files after it. Files without a class get the last
/// `class` in the form, since people also put fields after files.
///
/// It runs on the threads of the blob storage, one piece of the body at a time.
final class FormUpload: StreamedUpload {
    /// The most bytes of a field that is not a file.
    private static let maxFieldBytes = 1024

    private enum Part {
        case none
        case file
        case field(name: String, bytes: [UInt8])
        /// A part with an empty filename, which browsers send for an empty file input.
        case emptyFile(field: String)
    }

    private struct State {
        var decoder: MultipartDecoder
        var parameters: JobParameters
        var part = Part.none
        var images: ImageCollection
        /// The fields that are there, of those that hold for the whole form.
        var fields: Set<String> = []
    }

    private let state: Mutex<State>

    /// Creates the decoder of a form.
    ///
    /// - Throws: `HTTPFault` (400) for a media type without a usable boundary.
    init(
        mediaType: MediaType,
        parameters: JobParameters,
        blobs: any BlobStorage,
        limits: UploadLimits
    ) throws {
        // Besides the files: at most one class per file, and the settings.
        let multipart = MultipartLimits(maxParts: limits.maxImages * 2 + 16)
        state = Mutex(
            State(
                decoder: try MultipartDecoder(mediaType: mediaType, limits: multipart),
                parameters: parameters,
                images: ImageCollection(blobs: blobs, limits: limits)
            )
        )
    }

    func receive(_ bytes: [UInt8]) throws {
        try state.withLock { state in
            state.decoder.receive(bytes)
            while let event = try state.decoder.next() {
                try handle(event, &state)
            }
        }
    }

    func finish() throws -> Upload {
        try state.withLock { state in
            try state.decoder.finish()
            let last = state.parameters.label
            let images = try state.images.finish { image in
                (image.label ?? last).map { .of($0) } ?? .refused(Self.classMissing)
            }
            return try Upload(images, state.parameters)
        }
    }

    private static let classMissing = ImageFailure(
        code: UploadedImage.classMissing,
        detail: "Neither the form nor the URL tells its class."
    )

    // MARK: - Events

    private func handle(_ event: MultipartEvent, _ state: inout State) throws {
        switch event {
        case .partBegan(let part): try begin(part, &state)
        case .partBytes(let bytes): try append(bytes, &state)
        case .partEnded: try end(&state)
        case .end: break
        }
    }

    private func begin(_ part: MultipartPart, _ state: inout State) throws {
        guard let filename = part.filename else {
            return state.part = .field(name: part.name, bytes: [])
        }
        guard !filename.isEmpty else { return state.part = .emptyFile(field: part.name) }
        try state.images.begin(
            source: filename,
            name: filename,
            label: state.parameters.label,
            isDeclaredImage: true
        )
        state.part = .file
    }

    private func append(_ bytes: [UInt8], _ state: inout State) throws {
        switch state.part {
        case .none:
            break
        case .file:
            try state.images.append(bytes)
        case .field(let name, var value):
            value += bytes
            guard value.count <= Self.maxFieldBytes else { throw APIError.fieldTooLarge(name) }
            state.part = .field(name: name, bytes: value)
        case .emptyFile(let field):
            throw APIError.fileUnnamed(field)
        }
    }

    private func end(_ state: inout State) throws {
        switch state.part {
        case .none, .emptyFile:
            break
        case .file:
            try state.images.end()
        case .field(let name, let bytes):
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw APIError.fieldMalformed(name)
            }
            guard !Self.isProbablyFile(name, text) else { throw APIError.fileWithoutName(name) }
            guard JobParameters.mayRepeat(name) || state.fields.insert(name).inserted else {
                throw APIError.fieldRepeated(name)
            }
            try state.parameters.set(name, to: text)
        }
        state.part = .none
    }

    /// Whether a field without a filename was meant to be a photo.
    ///
    /// Its name suggests a file, or its value ends like a photo's name: curl sends `-F
    /// file=photo.jpg` like this if the `@` is missing.
    private static func isProbablyFile(_ name: String, _ text: String) -> Bool {
        guard !JobParameters.isKnown(name) else { return false }
        let word = name.lowercased().filter(\.isLetter)
        return namesOfFiles.contains(word.hasSuffix("s") ? String(word.dropLast()) : word)
            || endsOfPhotos.contains(where: text.lowercased().hasSuffix)
    }

    private static let namesOfFiles: Set<String> = [
        "file", "image", "img", "photo", "foto", "picture", "pic", "upload", "data", "attachment",
        "archive", "zip",
        "tar",
    ]
    private static let endsOfPhotos = [
        ".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".tif", ".tiff", ".gif",
        ".zip", ".tar",
    ]
}
