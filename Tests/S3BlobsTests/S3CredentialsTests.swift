import Foundation
import Testing

@testable import S3Blobs

/// Keys in environments and in shared credentials files, as operators and AWS's tools write them.
@Suite struct S3CredentialsTests {
    private let keys = S3Credentials(accessKey: "AKID", secretKey: "S/e+c=")

    // MARK: - The environment

    @Test func `keys of the environment go before any file`() throws {
        var environment = [
            "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "S/e+c=\n", "AWS_PROFILE": "x",
            "AWS_SHARED_CREDENTIALS_FILE": "/nowhere", "HOME": "/root", "AWS_SESSION_TOKEN": "",
        ]
        #expect(try S3CredentialsSource(environment: environment) == .fixed(keys))
        environment["AWS_SESSION_TOKEN"] = "T"
        let temporary = try S3CredentialsSource(environment: environment).read()
        #expect(
            temporary == S3Credentials(accessKey: "AKID", secretKey: "S/e+c=", sessionToken: "T")
        )
    }

    @Test func `without keys the environment names a file and a section`() throws {
        let cases: [([String: String], S3CredentialsSource)] = [
            (["HOME": "/home/a"], .file("/home/a/.aws/credentials", profile: "default")),
            (
                ["HOME": "/home/a", "AWS_PROFILE": "b"],
                .file("/home/a/.aws/credentials", profile: "b")
            ),
            (["AWS_SHARED_CREDENTIALS_FILE": "/c", "HOME": "/a"], .file("/c", profile: "default")),
            (
                ["AWS_SHARED_CREDENTIALS_FILE": "/c", "AWS_ACCESS_KEY_ID": "", "AWS_PROFILE": ""],
                .file("/c", profile: "default")
            ),
        ]
        for (environment, source) in cases {
            #expect(try S3CredentialsSource(environment: environment) == source)
        }
    }

    @Test func `half a key and no place at all are refused`() {
        for (environment, error) in [
            (
                ["AWS_ACCESS_KEY_ID": "A", "HOME": "/"],
                .halfEnvironment(missing: "AWS_SECRET_ACCESS_KEY")
            ),
            (["AWS_SECRET_ACCESS_KEY": "S"], .halfEnvironment(missing: "AWS_ACCESS_KEY_ID")),
            ([:], .nowhere),
        ] as [([String: String], S3CredentialsError)] {
            #expect(throws: error) { try S3CredentialsSource(environment: environment) }
        }
    }

    // MARK: - The text of a file

    @Test func `a file as AWS documents it is read`() throws {
        let text = """
            # of the documentation
            [default]
            aws_access_key_id=AKIAIOSFODNN7EXAMPLE
            aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY

            [user1]
            aws_access_key_id = ASIAI44QH8DHBEXAMPLE
            aws_secret_access_key = je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY
            aws_session_token = fcZib3JpZ2luX2IQoJb3JpZ2luX2IQoJb3==
            """
        let first = try S3CredentialsSource.credentials(in: text, of: "f", profile: "default")
        #expect(
            first
                == S3Credentials(
                    accessKey: "AKIAIOSFODNN7EXAMPLE",
                    secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
                )
        )
        let second = try S3CredentialsSource.credentials(in: text, of: "f", profile: "user1")
        #expect(second.sessionToken == "fcZib3JpZ2luX2IQoJb3JpZ2luX2IQoJb3==")
        #expect(second.accessKey == "ASIAI44QH8DHBEXAMPLE")
    }

    @Test(arguments: [
        "[default]\r\naws_access_key_id = AKID\r\naws_secret_access_key = S/e+c=\r\n",
        "[ default ]\n  AWS_Access_Key_Id\t= AKID\n  aws_secret_access_key=S/e+c=",
        "; c\n[default]\naws_access_key_id=AKID\naws_secret_access_key=S/e+c=\ns3 =\n"
            + "  aws_access_key_id = nested\n[other]\naws_access_key_id=X",
        "[default]\naws_access_key_id=AKID\n[other]\na=b\n[default]\naws_secret_access_key=S/e+c=",
    ])
    func `other ways to write it are read`(text: String) throws {
        let read = try S3CredentialsSource.credentials(in: text, of: "f", profile: "default")
        #expect(read == keys)
    }

    @Test(
        arguments: [
            ("", .missingProfile("f", profile: "p")),
            ("[default]\na = b", .missingProfile("f", profile: "p")),
            ("[p]\n[q]\na = b", .missingSetting("f", profile: "p", setting: "aws_access_key_id")),
            (
                "[p]\naws_access_key_id = A\naws_secret_access_key =",
                .missingSetting("f", profile: "p", setting: "aws_secret_access_key")
            ),
            ("# c\na = b\n[p]", .malformedFile("f", line: 2)),
            ("[p]\n\nAKID", .malformedFile("f", line: 3)), ("[p", .malformedFile("f", line: 1)),
        ] as [(String, S3CredentialsError)]
    )
    func `what is missing or wrong is named`(text: String, error: S3CredentialsError) {
        #expect(throws: error) {
            try S3CredentialsSource.credentials(in: text, of: "f", profile: "p")
        }
    }

    // MARK: - The file

    @Test func `a file is read, and again when it was replaced`() throws {
        let file = try CredentialsFile(CredentialsFile.text("A"))
        #expect(try file.source.read().accessKey == "A")
        try file.write(CredentialsFile.text("B"))
        #expect(try file.source.read().accessKey == "B")
        try file.write("[b]\n")
        #expect(throws: S3CredentialsError.missingProfile(file.path, profile: "default")) {
            try file.source.read()
        }
    }

    @Test(arguments: [0o640, 0o644, 0o604, 0o620])
    func `a file that others may read is refused`(permissions: Int) throws {
        let file = try CredentialsFile("")
        try file.write(CredentialsFile.text("A"), permissions: permissions)
        #expect(throws: S3CredentialsError.exposedFile(file.path)) { try file.source.read() }
    }

    @Test(arguments: [
        (0o600, true, false), (0o400, true, false), (0o440, true, true), (0o440, false, false),
        (0o444, false, true), (0o400, false, false),
    ])
    func `the group may read what another user lets this process read`(
        permissions: UInt32,
        isOwn: Bool,
        isExposed: Bool
    ) {
        #expect(
            S3CredentialsSource.isExposed(permissions: permissions, isOwn: isOwn) == isExposed
        )
    }

    @Test func `a missing file, a folder and a pipe are told apart`() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/keys-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(throws: S3CredentialsError.missingFile("\(folder)/none")) {
            try S3CredentialsSource.file("\(folder)/none").read()
        }
        #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
        for path in [folder, "\(folder)/pipe"] {
            #expect(throws: S3CredentialsError.unreadableFile(path, "it is no regular file")) {
                try S3CredentialsSource.file(path).read()
            }
        }
    }

    @Test(
        arguments: [
            (.missingFile("/f"), ["/f", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ACCESS_KEY_ID"]),
            (.exposedFile("/f"), ["/f", "chmod 600"]),
            (.missingProfile("/f", profile: "p"), ["/f", "[p]", "AWS_PROFILE"]),
            (.missingSetting("/f", profile: "p", setting: "s"), ["/f", "[p]", "s;", "add it"]),
            (.malformedFile("/f", line: 3), ["/f", "line 3"]),
            (.unreadableFile("/f", "because"), ["/f", "because"]),
            (.halfEnvironment(missing: "V"), ["V", "set both"]), (.nowhere, ["AWS_ACCESS_KEY_ID"]),
        ] as [(S3CredentialsError, [String])]
    )
    func `a refusal says where, and what to do`(error: S3CredentialsError, words: [String]) {
        for word in words { #expect(error.description.contains(word), "\(error)") }
    }
}
