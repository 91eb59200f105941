import BlobStorage
import Cryptography
import HTTPServer
import HTTPTypes
import Logging
import Operations
import POSIX
import PublicFiles
import Queue

/// `/healthz`, `/readyz`, `/version`, `/openapi.json` and `/v1/signing-key`, which require no key.
extension API {
    /// Adds what tells the health of a node without the API.
    func addHealth(to router: inout Router) {
        addLiveness(to: &router)
        router.on(.get, "/readyz") { _, _ in try await showReadiness() }
        router.on(.get, "/version") { _, _ in try showVersion() }
    }

    /// Adds `GET /healthz`: the process answers requests.
    func addLiveness(to router: inout Router) {
        let document = Result { try JSONDocument.bytes(HealthDocument(status: "ok")) }
        router.on(.get, "/healthz", isBrief: true) { _, _ in answer(json: try document.get()) }
    }

    /// `GET /version`: which program this is.
    func showVersion() throws -> ServerResponse {
        try answer(VersionDocument(version))
    }

    /// `GET /openapi.json`: the contract of this API.
    func showContract() -> ServerResponse {
        let fields: HTTPFields = [.contentType: "application/json", .cacheControl: "no-cache"]
        return ServerResponse(status: .ok, fields: fields, body: .bytes(PublicFiles.openAPI))
    }

    /// `GET /v1/signing-key`: the public key that verifies this service's manifests, as PEM.
    func showSigningKey() -> ServerResponse {
        let fields: HTTPFields = [
            .contentType: "application/x-pem-file", .cacheControl: "no-cache",
        ]
        return ServerResponse(
            status: .ok,
            fields: fields,
            body: .bytes(Array(signingKey.verificationKey.pem.utf8))
        )
    }

    /// `GET /readyz`: whether the service accepts uploads.
    ///
    /// It does not while it is stopping or out of file descriptors, while its database does not
    /// answer, and while its disk is nearly full or not writable.
    func showReadiness() async throws -> ServerResponse {
        guard lifecycle.isReady else { throw APIError.draining }
        guard !FileLimit.isExhausted else { throw APIError.descriptorsExhausted }
        do {
            try await store.check()
        } catch {
            logger.error("the database does not answer", metadata: ["error": "\(error)"])
            throw APIError.storeDown
        }
        let free = try await disk.run { [space] in try space.diskSpace().free }
        guard free >= settings.minFreeBytes + (reserve?.missingBytes ?? 0) else {
            var fault = APIError(
                .serviceUnavailable,
                "disk_low",
                "The disk of the data folder is nearly full."
            )
            fault.fields = [.retryAfter: "60"]
            throw fault
        }
        let fault = await writeProbe.fault { [store, disk, blobs] in
            try await store.checkWrites()
            try await disk.run { try blobs.checkWrites() }
        }
        if let fault {
            logger.error("nothing can be written", metadata: ["error": "\(fault)"])
            throw settings.blobs.isShared ? APIError.storageDown : .dataUnwritable
        }
        return try answer(HealthDocument(status: "ready"))
    }
}
