import ArgumentParser
import Cryptography
import Glibc
import Imaging
import JobModel
import POSIX
import Protection
import Sandbox

/// The `verify` command: checks a protected picture without a server, as anybody can.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks on the decoded pixels that a protected picture keeps its bound.",
        discussion: """
            Prints what it finds, a line each, and 'verified' or 'NOT verified'. Exit status: 0 if \
            verified; 1 if not; 2 for wrong usage, and if a file is missing or the check cannot be \
            made. One of the files may be -, the standard input.

            With the manifest of an archive, the hashes of both files, the bound and the figures \
            are held against it as well, and with the key of the service (GET /v1/signing-key) the \
            manifest's signature, which lies beside it as manifest.json.sig. Without it anybody's \
            manifest counts; without a manifest any change within the bound does.

            A JPEG or WebP is compared with the original as it is decoded, scaled down to its size. \
            How large the difference is is told, and no bound is claimed, since only a PNG has one: \
            the last line is then 'measured, without a bound'. It fails where the two are hardly \
            alike (a PSNR below \(Int(leastPSNR)) dB), as pictures of different photos are.
            """
    )

    /// The PSNR in dB below which two pictures are not taken for the same photo.
    ///
    /// Of 36 photos, Kodak's and mate-backgrounds', JPEGs of quality 1 reach 18.7 and more, and all
    /// pairs of different photos 15.8 and less.
    private static let leastPSNR = 17.0

    @Argument(help: "The picture as it was.")
    var original: String

    @Argument(help: "The protected picture.")
    var protected: String

    @Option(
        help: ArgumentHelp(
            "The archive's manifest.json, the folder palimpsest-manifests of 'submit', or the picture's report.",
            valueName: "file"
        )
    )
    var manifest: String?

    @Option(
        help: ArgumentHelp("The service's public key, as PEM; needs --manifest.", valueName: "file")
    )
    var key: String?

    @Option(
        help: ArgumentHelp(
            "The bound in levels of 255, where there is no manifest. (default: 8)",
            valueName: "levels"
        )
    )
    var strength: Int?

    @OptionGroup var jsonOption: JSONOption

    @OptionGroup var pixelsOption: MaxPixelsOption

    @OptionGroup var filterOption: SystemCallFilterOption

    func validate() throws {
        try InputFile.requireOneStandardInput(in: [original, protected, manifest, key])
        guard strength.map({ ProtectionSettings.strengths.contains($0) }) ?? true else {
            throw ValidationError("--strength must be 1 to 16.")
        }
        guard manifest == nil || strength == nil else {
            throw ValidationError(
                "--strength and --manifest exclude each other: the manifest says what the bound is."
            )
        }
        guard key == nil || manifest != nil else {
            throw ValidationError("--key needs --manifest.")
        }
    }

    func run() throws {
        do {
            try check()
        } catch let fault as CommandFault {
            // Status 1 is for pictures that were checked, and failed.
            throw UsageFault(fault.description)
        }
    }

    // MARK: - Steps

    private func check() throws {
        let originalBytes = try InputFile.read(original, limit: InputFile.maxPictureBytes)
        let protectedBytes = try InputFile.read(protected, limit: InputFile.maxPictureBytes)
        var findings = Findings()
        var report: ProtectionReport?
        if let manifest {
            let found = try ManifestFile.find(manifest, about: SHA256.hash(protectedBytes))
            try checkSignature(of: found, &findings)
            report = found.report
            findings.add(
                "protected file",
                isGood: report != nil,
                report == nil ? "not in the manifest" : "as in the manifest"
            )
            if let report {
                let isSame = report.inputSHA256 == SHA256.hash(originalBytes).hex
                findings.add(
                    "original file",
                    isGood: isSame,
                    isSame ? "as in the manifest" : "not that of the manifest"
                )
            }
        }
        PhotoDecoder.prepare()
        // No more files are opened, so enter the sandbox before decoding: the decoders have nothing
        // to steal.
        try seal()
        do throws(PictureComparison.Fault) {
            let comparison = try PictureComparison(
                original: originalBytes,
                protected: protectedBytes,
                maxSide: report?.output.maxSide,
                limits: pixelsOption.limits
            )
            check(comparison, against: report, hasManifest: manifest != nil, &findings)
        } catch {
            findings.add("pictures", isGood: false, Self.sentence(error))
        }
        if jsonOption.json {
            try jsonOption.write(findings)
        } else {
            StandardOutput.write(findings.text + "\n")
        }
        if !findings.isVerified { throw ExitCode.failure }
    }

    private func seal() throws(CommandFault) {
        do throws(SystemError) {
            try CodecSandbox.sealThisProcess(
                memoryBytes: pixelsOption.addressSpaceBytes,
                filter: filterOption.systemCallFilter
            )
        } catch {
            let advice = error.call == SystemCallFilter.call ? "; \(SystemCallFilter.advice)" : ""
            throw CommandFault("The process cannot be restricted: \(error)\(advice).")
        }
    }

    private static func sentence(_ fault: PictureComparison.Fault) -> String {
        switch fault {
        case .originalUnreadable(let error): "the original cannot be decoded: \(error.detail)"
        case .protectedUnreadable(let error):
            "the protected picture cannot be decoded: \(error.detail)"
        case .differentShape(let sentence): sentence
        }
    }

    private func checkSignature(
        of manifest: ManifestFile,
        _ findings: inout Findings
    ) throws(CommandFault) {
        guard manifest.isManifest else {
            let words =
                "none: this is a picture's report, and only manifests of services are signed"
            return key == nil
                ? findings.note("signature", words)
                : findings.add("signature", isGood: false, words)
        }
        guard let key else {
            return findings.note("signature", "not checked: give the service's key by --key")
        }
        let pem = String(decoding: try InputFile.read(key, limit: 1 << 16), as: UTF8.self)
        guard let verificationKey = VerificationKey(pem: pem) else {
            throw CommandFault(
                "\(StandardError.printable(key)) holds no Ed25519 public key in PEM."
            )
        }
        let signature = try InputFile.read(
            manifest.path + SignedManifest.signatureSuffix,
            limit: 1 << 16
        )
        let isGood = verificationKey.verifies(signature, of: manifest.bytes)
        findings.add(
            "signature",
            isGood: isGood,
            isGood ? "by that key" : "not by that key, or the manifest was changed"
        )
    }

    private func check(
        _ comparison: PictureComparison,
        against report: ProtectionReport?,
        hasManifest: Bool,
        _ findings: inout Findings
    ) {
        let quality = comparison.quality
        let difference = quality.maxAbsoluteDifference
        let change = "\(difference) \(comparison.depth == .sixteen ? "of 65535" : "levels")"
        if !comparison.format.isLossless {
            findings.noteUnbounded(
                "largest change",
                "\(change), measured: a \(comparison.format.title) has no bound, only the PNG has"
            )
            if quality.psnr < Self.leastPSNR {
                findings.add("same photo", isGood: false, "no, they are hardly alike")
            }
        } else if let report {
            if let bound = report.bound {
                findings.add(
                    "largest change",
                    isGood: difference <= bound,
                    "\(change), the bound is \(bound)"
                )
            } else {
                findings.note(
                    "largest change",
                    "\(change); the picture was protected without a bound"
                )
            }
        } else if !hasManifest {
            let bound =
                (strength ?? ProtectionSettings.standard.strength) * comparison.depth.countsInLevel
            findings.add(
                "largest change",
                isGood: difference <= bound,
                "\(change), the bound is \(bound)"
            )
        } else {
            findings.note("largest change", change)
        }
        if let report {
            let isAsReported =
                difference == report.maxAbsoluteDifference
                && comparison.depth.rawValue == report.bitDepth
                && Self.isClose(quality.psnr, report.psnr)
                && Self.isClose(quality.ssim, report.ssim)
            findings.add(
                "figures",
                isGood: isAsReported,
                isAsReported ? "as in the manifest" : "not those of the manifest"
            )
        }
        findings.add(
            "changed at all",
            isGood: difference > 0,
            difference > 0 ? "yes" : "no: this is the original"
        )
        findings.note("PSNR", "\(Self.rounded(quality.psnr)) dB")
        findings.note("SSIM", Self.rounded(quality.ssim, digits: 4))
        findings.add(
            "transparency",
            isGood: comparison.keepsTransparency,
            comparison.keepsTransparency ? "kept" : "changed"
        )
        findings.add(
            "colour profile",
            isGood: comparison.colors.areKept,
            Self.sentence(comparison.colors)
        )
    }

    private static func sentence(_ colors: PictureComparison.Colors) -> String {
        switch colors {
        case .kept: "kept"
        case .takenForSRGB: "none; the original's colours are nearly those of sRGB"
        case .profileLeftOut(let reason):
            "left out, since the original's cannot be used (\(reason.rawValue))"
        case .changed: "changed: the samples do not mean the same colours any more"
        }
    }

    /// Whether two figures agree except for rounding, which differs between instruction sets.
    private static func isClose(_ first: Double, _ second: Double) -> Bool {
        first == second || abs(first - second) <= 1e-4 * max(1, abs(second))
    }

    private static func rounded(_ value: Double, digits: Int = 2) -> String {
        guard value.isFinite else { return "\(value)" }
        let scale = pow(10, Double(digits))
        return "\((value * scale).rounded() / scale)"
    }
}
