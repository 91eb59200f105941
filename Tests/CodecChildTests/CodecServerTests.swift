import CodecHarness
import CodecProtocol
import Cryptography
import JobModel
import Testing

@testable import CodecChild

@Suite("The child's side of the protocol")
struct CodecServerTests {
    @Test("What is made of a picture and is longer than the parent takes is a failure and no crash")
    func boundsAnswers() {
        let picture = ProtectedImage(
            file: [1, 2, 3, 4, 5],
            report: Material.report,
            attachments: [.recovery: [1, 2], .previewAfter: [3]],
            durations: StageDurations(decode: 0, network: 0, encode: 0)
        )
        #expect(picture.refusal(atMost: 8) == nil)
        let refusal = picture.refusal(atMost: 7)
        #expect(refusal?.code == "image_too_large")
        #expect(
            refusal?.detail.hasPrefix(
                "The protected picture with its attachments is 8 bytes long; at most 7 are allowed"
            )
                == true
        )
    }

    @Test("A picture gets the model that it names, else the first, and fails if there is none")
    func choosesTheModel() throws {
        let names = ["a", "b"].map(Material.name)
        let engines = Engines(
            names.map { name in
                let engine = CodecServer.Engine(
                    method: MethodID(rawValue: "method-\(name)"),
                    modelSHA256: SHA256.hash(Array(name.rawValue.utf8)),
                    protect: { _, _ throws(ImageFailure) in throw .quarantined },
                    importPicture: { _ throws(ImageFailure) in throw .quarantined }
                )
                return (name: name, engine: engine)
            }
        )
        #expect(engines.loaded.map(\.name) == names)
        #expect(try engines.engine(of: nil).method.rawValue == "method-a")
        for name in names {
            #expect(try engines.engine(of: name).method.rawValue == "method-\(name)")
        }
        let failure = #expect(throws: ImageFailure.self) {
            try engines.engine(of: Material.name("c"))
        }
        #expect(failure?.code == "model_unknown")
        #expect(failure?.detail == "The job's model is not loaded any more; there is a or b.")
    }
}
