import Imaging
public import JobModel

extension Photo {
    /// Returns the photo as it is to be delivered, before protection: scaled and reduced to what
    /// the format holds.
    ///
    /// This comes first, so that the change is made for the size and the samples that are
    /// published: scaled down afterwards, it would lose its amplitude to averaging, and no bound
    /// would hold. Whoever verifies a picture does the same with the original.
    func prepared(for format: OutputFormat, maxSide: Int?) -> Photo {
        let photo = maxSide.map { shrunk(toFit: $0) } ?? self
        return photo.reduced(to: format.imageFormat)
    }
}

extension OutputSettings {
    /// The size of a photo as it is to be delivered.
    func preparedSize(of size: (width: Int, height: Int)) -> (width: Int, height: Int) {
        maxSide.map { Photo.size(size, fitting: $0) } ?? size
    }
}

extension OutputFormat {
    /// The same format among those that are read.
    var imageFormat: ImageFormat {
        switch self {
        case .png: .png
        case .jpeg: .jpeg
        case .webp: .webp
        }
    }

    /// The delivered format of a file, or `nil` if nothing is delivered in its format.
    public init?(of file: [UInt8]) {
        switch ImageFormat.detect(file) {
        case .png: self = .png
        case .jpeg: self = .jpeg
        case .webp: self = .webp
        case .gif, .heic, .avif, .tiff, .bmp, .jxl, .unknown: return nil
        }
    }
}

extension ImageQuality {
    /// Compares two photos of one size and depth, of which the second may be in colour where the
    /// first is gray, since WebP has no gray.
    init(_ first: Photo, inColorOr second: Photo) {
        let isColored = first.layout.colorChannels < second.layout.colorChannels
        self.init(isColored ? first.inColor() : first, second)
    }
}
