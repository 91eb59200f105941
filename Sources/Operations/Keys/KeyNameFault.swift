import JobModel
import Queue

/// Why a name does not identify a key.
struct KeyNameFault: Error, Sendable, CustomStringConvertible {
    let description: String

    /// Returns the key with an identifier, or the only one with a name.
    static func find(_ named: String, among keys: [APIKey]) throws(KeyNameFault) -> APIKey {
        if let key = keys.first(where: { $0.id.text == named }) { return key }
        let called = keys.filter { $0.name == named }
        guard let key = called.first else {
            throw KeyNameFault(description: "There is no API key called \(named).")
        }
        guard called.count == 1 else {
            let ids = called.map(\.id.text).joined(separator: ", ")
            throw KeyNameFault(
                description:
                    "\(called.count) API keys are called \(named); name one by its identifier: \(ids)."
            )
        }
        return key
    }
}
