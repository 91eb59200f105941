import Testing

@testable import S3Blobs

/// Locations as an operator writes them.
@Suite struct S3LocationTests {
    @Test func `AWS has its buckets in host names`() throws {
        let location = try S3Location("s3://photos/palimpsest?region=eu-central-1")
        #expect(location.scheme == "https")
        #expect(location.host == "photos.s3.eu-central-1.amazonaws.com")
        #expect(location.root == "/" && location.prefix == "palimpsest/")
    }

    @Test func `another store has them in paths, unless told otherwise`() throws {
        let endpoint = "endpoint=http://127.0.0.1:8333/"
        let location = try S3Location("s3://photos?\(endpoint)")
        #expect(location.scheme == "http" && location.host == "127.0.0.1:8333")
        #expect(location.root == "/photos/" && location.prefix == "")
        #expect(location.region == "us-east-1")
        let named = try S3Location("s3://photos/a//b/?\(endpoint)&path-style=0")
        #expect(named.host == "photos.127.0.0.1:8333" && named.prefix == "a/b/")
    }

    @Test(arguments: [
        ("https://photos", "s3://"), ("s3://", "bucket"), ("s3://Photos", "bucket"),
        ("s3://a", "bucket"), ("s3://photos/../x", "prefix"), ("s3://photos/a b", "prefix"),
        ("s3://photos?region=", "region"), ("s3://photos?region=eu;x", "region"),
        ("s3://photos?path-style=yes", "path-style"), ("s3://photos?endpoint=ftp://x", "endpoint"),
        ("s3://photos?endpoint=https://", "endpoint"), ("s3://photos?key=x", "option key"),
        ("s3://photos?endpoint=https://u:p@host", "endpoint"),
        ("s3://photos?region=a&region=b", "once"),
    ])
    func `what is wrong is named`(text: String, word: String) throws {
        let fault = try #require(throws: S3Location.Fault.self) { try S3Location(text) }
        #expect(fault.description.contains(word), "\(fault)")
    }
}
