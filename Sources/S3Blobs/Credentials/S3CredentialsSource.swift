import POSIX

/// Where the keys for an object store are.
public enum S3CredentialsSource: Sendable, Equatable {
    /// Here, and never others.
    case fixed(S3Credentials)
    /// In a section of a shared credentials file, in AWS's format; it may be replaced at any time.
    case file(String, profile: String = "default")

    /// The most bytes of a file.
    private static let maxBytes = 1 << 20

    /// Finds the place that environment variables name, as AWS's own tools do.
    ///
    /// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, with `AWS_SESSION_TOKEN` for temporary
    /// keys, go first; else it is the section `AWS_PROFILE` of `AWS_SHARED_CREDENTIALS_FILE`, or of
    /// `~/.aws/credentials`. An empty variable counts as none.
    ///
    /// - Parameter environment: The variables.
    /// - Throws: ``S3CredentialsError`` if they name none, or half a key.
    public init(environment: [String: String]) throws(S3CredentialsError) {
        // A secret that is mounted or piped into a variable often ends with a newline.
        func variable(_ name: String) -> String? {
            let value = environment[name]?.drop(while: \.isWhitespace)
            let end = value?.lastIndex { !$0.isWhitespace }
            return end.flatMap { value?[...$0] }.map(String.init)
        }
        let (keyName, secretName) = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        switch (variable(keyName), variable(secretName)) {
        case (let key?, let secret?):
            self = .fixed(
                S3Credentials(
                    accessKey: key,
                    secretKey: secret,
                    sessionToken: variable("AWS_SESSION_TOKEN")
                )
            )
        case (.some, nil): throw .halfEnvironment(missing: secretName)
        case (nil, .some): throw .halfEnvironment(missing: keyName)
        case (nil, nil):
            let home = variable("HOME").map { "\($0)/.aws/credentials" }
            guard let path = variable("AWS_SHARED_CREDENTIALS_FILE") ?? home else { throw .nowhere }
            self = .file(path, profile: variable("AWS_PROFILE") ?? "default")
        }
    }

    /// Reads the keys; this blocks on the disk.
    ///
    /// - Throws: ``S3CredentialsError``.
    public func read() throws(S3CredentialsError) -> S3Credentials {
        switch self {
        case .fixed(let credentials): credentials
        case .file(let path, let profile):
            try Self.credentials(in: try Self.text(of: path), of: path, profile: profile)
        }
    }

    /// Finds the keys in a file's text.
    static func credentials(
        in text: String,
        of path: String,
        profile: String
    ) throws(S3CredentialsError) -> S3Credentials {
        let profiles: CredentialsProfiles
        do throws(CredentialsProfiles.Fault) {
            profiles = try CredentialsProfiles(text)
        } catch {
            throw .malformedFile(path, line: error.line)
        }
        guard let settings = profiles.settings[profile] else {
            throw .missingProfile(path, profile: profile)
        }
        func setting(_ name: String) throws(S3CredentialsError) -> String {
            guard let value = settings[name], !value.isEmpty else {
                throw .missingSetting(path, profile: profile, setting: name)
            }
            return value
        }
        return S3Credentials(
            accessKey: try setting("aws_access_key_id"),
            secretKey: try setting("aws_secret_access_key"),
            sessionToken: settings["aws_session_token"].flatMap { $0.isEmpty ? nil : $0 }
        )
    }

    /// Whether others than its owner may use a file.
    ///
    /// The group may where the file belongs to another user, who lets this process read it so, as
    /// containers and systemd's credentials do.
    static func isExposed(permissions: UInt32, isOwn: Bool) -> Bool {
        permissions & 0o007 != 0 || (isOwn && permissions & 0o070 != 0)
    }

    private static func text(of path: String) throws(S3CredentialsError) -> String {
        let (status, bytes): (FileStatus, [UInt8])
        do throws(SystemError) {
            // Opening a pipe would wait for who writes into it.
            let file = try FileDescriptor(opening: path, for: .reading, .nonBlocking)
            status = try file.status()
            bytes = status.kind == .file ? try file.readAll(limit: maxBytes) : []
        } catch {
            throw error.isMissing ? .missingFile(path) : .unreadableFile(path, error.words)
        }
        guard status.kind == .file else { throw .unreadableFile(path, "it is no regular file") }
        guard !isExposed(permissions: status.permissions, isOwn: status.isOwn) else {
            throw .exposedFile(path)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
