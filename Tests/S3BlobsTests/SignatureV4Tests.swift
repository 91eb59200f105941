import Cryptography
import Testing

@testable import S3Blobs

/// The examples of AWS's documents: those of the S3 API reference ("Authorization Header: single
/// chunk"), and of the test suite of Signature Version 4.
@Suite struct SignatureV4Tests {
    private let documented = SignatureV4(
        credentials: S3Credentials(
            accessKey: "AKIAIOSFODNN7EXAMPLE",
            secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
        ),
        region: "us-east-1"
    )
    /// 24 May 2013, 00:00:00 UTC.
    private let time = RequestTime(secondsSince1970: 1_369_353_600)

    private func signature(
        _ method: String,
        _ path: String,
        query: [(name: String, value: String)] = [],
        headers: [String: String] = [:],
        body: String = ""
    ) -> String {
        let signed = documented.signed(
            method: method,
            path: path,
            query: query,
            headers: headers.merging(["host": "examplebucket.s3.amazonaws.com"]) { $1 },
            payload: SHA256.hash(Array(body.utf8)),
            at: time
        )
        let value = signed["authorization", default: ""]
        return String(value.split(separator: "Signature=").last ?? "")
    }

    @Test func `a part of an object is read`() {
        #expect(
            signature("GET", "/test.txt", headers: ["range": "bytes=0-9"])
                == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        )
    }

    @Test func `an object is stored`() {
        let headers = [
            "date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY",
        ]
        #expect(
            signature("PUT", "/test$file.text", headers: headers, body: "Welcome to Amazon S3.")
                == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        )
    }

    @Test func `a query without a value is signed with an empty one`() {
        #expect(
            signature("GET", "/", query: [("lifecycle", "")])
                == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        )
    }

    @Test func `a listing is signed, whatever the order of its query`() {
        let wanted = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        #expect(signature("GET", "/", query: [("max-keys", "2"), ("prefix", "J")]) == wanted)
        #expect(signature("GET", "/", query: [("prefix", "J"), ("max-keys", "2")]) == wanted)
    }

    @Test func `the test suite's plain request`() {
        let suite = SignatureV4(
            credentials: S3Credentials(
                accessKey: "AKIDEXAMPLE",
                secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
            ),
            region: "us-east-1",
            service: "service"
        )
        let time = RequestTime(secondsSince1970: 1_440_938_160)
        #expect(time.text == "20150830T123600Z")
        let value = suite.authorization(
            method: "GET",
            path: "/",
            query: [],
            headers: ["host": "example.amazonaws.com", "x-amz-date": time.text],
            payload: SHA256.hash([]).hex,
            at: time
        )
        #expect(
            value == """
                AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                SignedHeaders=host;x-amz-date, \
                Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31
                """
        )
    }

    @Test func `a token is signed and sent`() {
        let temporary = SignatureV4(
            credentials: S3Credentials(accessKey: "A", secretKey: "S", sessionToken: "T"),
            region: "us-east-1"
        )
        let signed = temporary.signed(
            method: "GET",
            path: "/a b/é",
            query: [],
            headers: ["host": "example.org"],
            payload: SHA256.hash([]),
            at: time
        )
        #expect(signed["x-amz-security-token"] == "T")
        #expect(signed["authorization", default: ""].contains(";x-amz-security-token,"))
    }

    @Test(
        arguments: [
            (-1, "19691231T235959Z"), (0, "19700101T000000Z"), (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"), (1_709_251_199, "20240229T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] as [(Int64, String)]
    )
    func `times are those of date(1)`(seconds: Int64, text: String) {
        #expect(RequestTime(secondsSince1970: seconds).text == text)
    }

    @Test(
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
            ("Sunday, 06-Nov-94 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 08:49 GMT", nil), ("", nil),
        ] as [(String, Int64?)]
    )
    func `dates of headers are read`(text: String, seconds: Int64?) {
        #expect(HTTPDate.seconds(text) == seconds)
    }
}
