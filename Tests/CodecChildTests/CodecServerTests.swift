import CodecHarness
import JobModel
import Testing

@testable import CodecChild

@Suite("The child's side of the protocol")
struct CodecServerTests {
    @Test("What is made of a picture and is longer than the parent takes is a failure and no crash")
    func boundsAnswers() {
        let picture = ProtectedImage(
            png: [1, 2, 3, 4, 5],
            report: Material.report,
            attachments: [.recovery: [1, 2], .previewAfter: [3]],
            durations: StageDurations(decode: 0, network: 0, encode: 0)
        )
        #expect(picture.refusal(atMost: 8) == nil)
        let refusal = picture.refusal(atMost: 7)
        #expect(refusal?.code == "image_too_large")
        #expect(refusal?.detail.hasPrefix("What was made of the picture is 8 bytes long; 7 are allowed") == true)
    }
}
