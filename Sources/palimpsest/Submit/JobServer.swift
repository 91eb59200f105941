import FoundationEssentials
import JobModel

/// A server's permanent refusal of a request: retrying the same request is useless.
struct ServerRefusal: Error {
    let status: Int
    let failure: ImageFailure

    /// Whether the request exceeds the key's quota or the size limit of the server or a proxy.
    ///
    /// A smaller request may succeed.
    var exceedsLimit: Bool { status == 429 || status == 413 }
}

/// Curl could not read one of the photos; it does not say which.
struct UnreadablePhoto: Error {
    let failure: ImageFailure
}

/// A client of the service's job API.
struct JobServer: Sendable {
    /// The state of a job.
    struct JobStatus: Decodable, Sendable {
        let id: JobIdentifier
        let state: JobState
    }

    private struct ProblemDocument: Decodable {
        let code: String
        let detail: String
    }

    /// The statuses that make a retry worthwhile.
    private static let momentary: Set<Int> = [408, 425, 429, 502, 503, 504, 507]
    /// How long a request waits for a job to end, in seconds.
    private static let waitSeconds = 30

    let url: String
    let curl: Curl
    let key: String
    let certificateAuthority: String?
    /// How long one request may wait for a server that is down or busy.
    let patience: Duration
    let isQuiet: Bool

    /// Checks that the server can be reached and accepts the key.
    ///
    /// - Throws: ``CommandFault`` if not, without retrying.
    func greet() async throws {
        do {
            let answer = try await curl.send(options("/v1/jobs?limit=1") + [("max-time", "60")])
            if !Self.momentary.contains(answer.status) { _ = try checked(answer) }
        } catch let fault as Curl.Fault {
            throw CommandFault(
                "The server \(StandardError.printable(url)) cannot be reached: \(fault)."
            )
        } catch let refusal as ServerRefusal {
            throw CommandFault(
                "\(StandardError.printable(url)) is not a Palimpsest server: it answers with status \(refusal.status)."
            )
        }
    }

    /// Sends photos; repeating a batch never creates a second job.
    ///
    /// - Throws: ``ServerRefusal``; ``UnreadablePhoto``; ``CommandFault``.
    func submit(_ batch: Batch) async throws -> JobStatus {
        let settings = batch.settings
        let query =
            "?mode=\(settings.mode.rawValue)&strength=\(settings.strength)&clip=\(settings.clip)"
            + (settings.workingSize.map { "&working_size=\($0)" } ?? "")
            + "&mask=\(settings.mask.rawValue)&metadata=\(settings.metadata.rawValue)"
            + Self.query(of: settings.output)
            + (settings.model.map { "&model=\($0)" } ?? "")
            + (settings.ofMethod.isStandard ? "" : "&method_settings=\(settings.ofMethod)")
            + "&force=\(batch.protectsAgain)"
        var request =
            options("/v1/jobs" + query) + [
                ("header", "Idempotency-Key: \(batch.idempotencyKey)"), ("header", "Expect:"),
            ]
        // Give up on a transfer that stalls for 120 seconds.
        request += [("speed-limit", "1"), ("speed-time", "120")]
        var label: ClassLabel?
        for entry in batch.entries {
            if entry.picture.label != label {
                request.append(("form-string", "class=\(entry.picture.label)"))
            }
            label = entry.picture.label
            let name = Self.formQuoted(entry.picture.source)
            request.append(
                ("form", "file=@\(Self.formQuoted(entry.absolutePath));filename=\(name)")
            )
        }
        return try decode(try await send(request))
    }

    /// Waits up to 30 seconds for a job to end, and returns its state.
    ///
    /// - Returns: The job, or `nil` if the server no longer has it.
    /// - Throws: ``ServerRefusal``; ``CommandFault``.
    func job(_ id: JobIdentifier) async throws -> JobStatus? {
        let request =
            options("/v1/jobs/\(id)?wait=\(Self.waitSeconds)") + [
                ("max-time", "\(Self.waitSeconds + 120)")
            ]
        do {
            return try decode(try await send(request))
        } catch let refusal as ServerRefusal where [404, 410].contains(refusal.status) {
            return nil
        }
    }

    /// Downloads the archive of a job that has ended, even one that protected nothing.
    ///
    /// - Returns: The archive, or `nil` if the server no longer has the job or has lost some of its
    ///   files.
    /// - Throws: ``ServerRefusal``; ``CommandFault``.
    func archive(of id: JobIdentifier) async throws -> UnnamedFile? {
        let request =
            options("/v1/jobs/\(id)/archive.zip?partial=true") + [
                ("speed-limit", "1"), ("speed-time", "120"),
            ]
        do {
            return try await send(request).body
        } catch let refusal as ServerRefusal
            where [404, 410].contains(refusal.status) || refusal.failure.code == "storage_missing"
        {
            return nil
        }
    }

    // MARK: - Requests

    /// Returns the parameters of an output; none for the standard one, so that services of earlier
    /// releases understand the request.
    private static func query(of output: OutputSettings) -> String {
        guard output != .standard else { return "" }
        return "&format=\(output.format.rawValue)"
            + (output.quality.map { "&quality=\($0)" } ?? "")
            + (output.chroma.map { "&chroma=\($0.rawValue)" } ?? "")
            + (output.maxSide.map { "&max_side=\($0)" } ?? "")
    }

    private func options(_ path: String) -> [(name: String, value: String)] {
        var options = [("url", url + path), ("header", "Authorization: Bearer \(key)")]
        if let certificateAuthority { options.append(("cacert", certificateAuthority)) }
        return options
    }

    /// Sends a request, and retries it as long as the failure is temporary and patience lasts.
    private func send(_ request: [(name: String, value: String)]) async throws -> Curl.Answer {
        var delay = RetryDelay(patience: patience)
        while true {
            let trouble: String
            var asked: Int?
            do {
                let answer = try await curl.send(request)
                let problem = answer.status >= 400 ? Self.problem(answer) : nil
                guard Self.isMomentary(answer, problem) else { return try checked(answer) }
                let words = problem.map { "\($0.code): \($0.detail)" } ?? "\(answer.status)"
                trouble = "the server answers with \(words)"
                asked = answer.retryAfter
            } catch let fault as Curl.Fault {
                // Curl could not read a photo; the server is not involved.
                if fault.code == 26 {
                    let detail = "A photo could not be read again: \(fault)."
                    throw UnreadablePhoto(
                        failure: ImageFailure(code: "input_unreadable", detail: detail)
                    )
                }
                guard fault.isTransient else {
                    throw CommandFault("The request could not be sent to the server: \(fault).")
                }
                trouble = fault.description
            }
            guard let wait = delay.take(asked: asked) else {
                throw CommandFault(
                    "Gave up: \(StandardError.printable(trouble)). Run the same command with --skip-existing to continue."
                )
            }
            if !isQuiet, wait > .seconds(4) {
                StandardError.write(
                    "\(StandardError.printable(trouble)); trying again in \(wait.components.seconds) s\n"
                )
            }
            try await Task.sleep(for: wait)
        }
    }

    /// Whether a retry of the same request may succeed.
    ///
    /// A quota error without `Retry-After` is permanent: the request alone exceeds the quota.
    private static func isMomentary(_ answer: Curl.Answer, _ problem: ProblemDocument?) -> Bool {
        let isFinal =
            answer.status == 429 && answer.retryAfter == nil
            && problem?.code.hasPrefix("quota_") == true
        return momentary.contains(answer.status) && !isFinal
    }

    private func checked(_ answer: Curl.Answer) throws -> Curl.Answer {
        guard !(200..<300).contains(answer.status) else { return answer }
        let problem = Self.problem(answer)
        // A body that is not a problem document is usually a proxy's error page.
        let words =
            answer.status == 413
            ? "The server, or a proxy before it, does not accept an upload of this size (status 413)."
            : "The server answers with status \(answer.status)."
        let detail = StandardError.printable(problem?.detail ?? words)
        guard ![401, 403].contains(answer.status) else {
            throw CommandFault("The server refuses the key: \(detail)")
        }
        throw ServerRefusal(
            status: answer.status,
            failure: ImageFailure(
                code: StandardError.printable(problem?.code ?? "server_refused"),
                detail: detail
            )
        )
    }

    private static func problem(_ answer: Curl.Answer) -> ProblemDocument? {
        // Without a problem document, the answer comes from something between here and the server.
        guard let bytes = try? answer.body.read() else { return nil }
        return try? JSONDecoder().decode(ProblemDocument.self, from: Data(bytes))
    }

    private func decode<Document: Decodable>(_ answer: Curl.Answer) throws -> Document {
        do {
            return try JSONDecoder().decode(Document.self, from: Data(try answer.body.read()))
        } catch {
            throw CommandFault(
                "\(StandardError.printable(url)) sent an answer that is not a document of this API."
            )
        }
    }

    /// Quotes a file name or path for curl's form options.
    private static func formQuoted(_ text: String) -> String {
        var quoted = "\""
        // Compare scalars, not characters: a quotation mark with a combining accent is another
        // character.
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted.unicodeScalars.append("\\") }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}
