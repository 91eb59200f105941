import FoundationEssentials
import JobModel

/// A server's refusal of a request: what is wrong with it, and not with the moment.
struct ServerRefusal: Error {
    let status: Int
    let failure: ImageFailure

    /// Whether there is more in it than the key may ever have queued, or than the server or a proxy takes at once; less may pass.
    var isOfTooMuch: Bool { status == 429 || status == 413 }
}

/// That curl could not read one of the photos that it was to send; which one, it does not say.
struct UnreadablePhoto: Error {
    let failure: ImageFailure
}

/// The server that protects the photos, as its jobs are used here.
struct JobServer: Sendable {
    /// A job as it stands.
    struct JobStatus: Decodable, Sendable {
        let id: JobIdentifier
        let state: JobState
    }

    private struct ProblemDocument: Decodable {
        let code: String
        let detail: String
    }

    /// The statuses that say that it is the wrong moment.
    private static let momentary: Set<Int> = [408, 425, 429, 502, 503, 504, 507]
    /// The seconds that a request waits for a job to end.
    private static let waitSeconds = 30

    let url: String
    let curl: Curl
    let key: String
    let certificateAuthority: String?
    /// How long a server may be away, or busy, in one go.
    let patience: Duration
    let isQuiet: Bool

    /// Makes sure that the server is there and takes the key.
    ///
    /// - Throws: ``CommandFault`` at once if not.
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
                "\(StandardError.printable(url)) is no server of this API: it answers with \(refusal.status)."
            )
        }
    }

    /// Sends photos, or sends them again: the same batch never makes two jobs.
    ///
    /// - Throws: ``ServerRefusal``; ``UnreadablePhoto``; ``CommandFault``.
    func submit(_ batch: Batch) async throws -> JobStatus {
        let settings = batch.settings
        let query =
            "?mode=\(settings.mode.rawValue)&strength=\(settings.strength)&clip=\(settings.clip)"
            + "&working_size=\(settings.workingSize)&mask=\(settings.mask.rawValue)&metadata=\(settings.metadata.rawValue)"
            + "&force=\(batch.protectsAgain)"
        var request =
            options("/v1/jobs" + query) + [
                ("header", "Idempotency-Key: \(batch.idempotencyKey)"), ("header", "Expect:"),
            ]
        // A line that does not move is a line that is down.
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

    /// How a job stands, after it has ended or half a minute.
    ///
    /// - Returns: `nil` if the server does not have it any more.
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

    /// The archive of a job that has ended, also of one that has protected nothing.
    ///
    /// - Returns: `nil` if the server does not have it any more, or has lost some of its files.
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

    private func options(_ path: String) -> [(name: String, value: String)] {
        var options = [("url", url + path), ("header", "Authorization: Bearer \(key)")]
        if let certificateAuthority { options.append(("cacert", certificateAuthority)) }
        return options
    }

    /// Sends a request until it is the right moment for it.
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
                // A photo that cannot be read is no matter of the server's.
                if fault.code == 26 {
                    let detail = "A photo could not be read again: \(fault)."
                    throw UnreadablePhoto(
                        failure: ImageFailure(code: "input_unreadable", detail: detail)
                    )
                }
                guard fault.isTransient else {
                    throw CommandFault("The server cannot be asked: \(fault).")
                }
                trouble = fault.description
            }
            guard let wait = delay.take(asked: asked) else {
                throw CommandFault(
                    "Gave up: \(StandardError.printable(trouble)). The same call with --skip-existing goes on."
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

    /// Whether the same request may be taken another time; a quota that the request alone exceeds names no time.
    private static func isMomentary(_ answer: Curl.Answer, _ problem: ProblemDocument?) -> Bool {
        let isFinal =
            answer.status == 429 && answer.retryAfter == nil
            && problem?.code.hasPrefix("quota_") == true
        return momentary.contains(answer.status) && !isFinal
    }

    private func checked(_ answer: Curl.Answer) throws -> Curl.Answer {
        guard !(200..<300).contains(answer.status) else { return answer }
        let problem = Self.problem(answer)
        // What is no problem document is mostly a proxy's page.
        let words =
            answer.status == 413
            ? "The server, or a proxy before it, takes no upload of this size (status 413)."
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
        // What is no problem document comes from something between here and the server.
        guard let bytes = try? answer.body.read() else { return nil }
        return try? JSONDecoder().decode(ProblemDocument.self, from: Data(bytes))
    }

    private func decode<Document: Decodable>(_ answer: Curl.Answer) throws -> Document {
        do {
            return try JSONDecoder().decode(Document.self, from: Data(try answer.body.read()))
        } catch {
            throw CommandFault(
                "\(StandardError.printable(url)) answers with something else than this API's documents."
            )
        }
    }

    /// A file name or path as curl's forms have it.
    private static func formQuoted(_ text: String) -> String {
        var quoted = "\""
        // Not by characters: a quotation mark with an accent is one of its own.
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted.unicodeScalars.append("\\") }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}
