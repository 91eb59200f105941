import JobModel

/// The page of an archive that shows every photo beside its protected picture.
///
/// It works from disk and loads nothing else.
enum PreviewPage {
    /// Writes the page.
    ///
    /// - Parameters:
    ///   - images: The protected images by number; they must have previews.
    ///   - format: The format of the protected pictures.
    /// - Returns: The bytes of `index.html`.
    static func make(_ images: [ImageDocument], in format: OutputFormat) -> [UInt8] {
        var page = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width">
            <title>Protected photos</title>
            <style>
            body { font: 16px/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
            figure { display: grid; gap: .5rem; grid-template-columns: 1fr 1fr; margin: 2rem 0; }
            figcaption { grid-column: 1 / 3; }
            img { max-width: 100%; }
            </style>
            </head>
            <body>
            <h1>Protected photos</h1>
            <p>Left each photo, right its protected picture, both as small JPEGs. Publish the \(format.title) files, never the left ones.\(note(on: format))</p>

            """
        for image in images { page += figure(image) }
        return Array((page + "</body>\n</html>\n").utf8)
    }

    /// Returns what to know of a lossy format.
    private static func note(on format: OutputFormat) -> String {
        format.isLossless ? "" : " The bound on the change holds for PNG only."
    }

    private static func figure(_ image: ImageDocument) -> String {
        guard let label = image.class, let file = image.file else { return "" }
        let caption = "\(label)/\(file.dropFirst(label.folderName.count + 1))"
        let stem = "\(label.folderName)/\(image.name)"
        var figures = ""
        if let report = image.report {
            let psnr = report.psnr.isFinite ? ", PSNR \(tenths(report.psnr)) dB" : ""
            figures =
                " – largest change \(report.maxAbsoluteDifference)\(psnr), SSIM \(thousandths(report.ssim))"
        }
        return """
            <figure>
            <figcaption><a href="\(url(file))">\(text(caption))</a>\(figures)</figcaption>
            <img src="\(url(stem + AttachmentKind.previewBefore.suffix))" alt="the photo" loading="lazy">
            <img src="\(url(stem + AttachmentKind.previewAfter.suffix))" alt="the protected picture" loading="lazy">
            </figure>

            """
    }

    private static func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

    private static func thousandths(_ value: Double) -> String {
        "\((value * 1000).rounded() / 1000)"
    }

    /// Returns a path in the archive as a relative URL.
    private static func url(_ path: String) -> String { "./" + PercentEncoding.path(path) }

    private static func text(_ string: String) -> String {
        var escaped = ""
        // By scalars: Swift joins `<` and a following accent to one character, but a browser sees
        // the `<`.
        for scalar in string.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
