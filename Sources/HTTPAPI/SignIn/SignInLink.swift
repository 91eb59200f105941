import Cryptography
import Queue
import Synchronization

/// A token that can be exchanged for an API key once, soon after it was made.
///
/// It is printed to a terminal, which may keep it for long; a key must not stand there.
final class SignInLink: Sendable {
    /// How long the token is good.
    static let lifetime: Duration = .seconds(3600)

    private struct Offer {
        let digest: SHA256Digest
        let secret: APIKeySecret
        let end: ContinuousClock.Instant
    }

    private let offer: Mutex<Offer?>
    private let clock: @Sendable () -> ContinuousClock.Instant
    /// The token, for the one who prints it.
    let token: String

    /// Draws a token.
    ///
    /// - Parameters:
    ///   - secret: The key that it is exchanged for.
    ///   - clock: Tells the time; a test may stop it.
    /// - Throws: ``StoreError/randomUnavailable``.
    init(
        for secret: APIKeySecret,
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) throws {
        // The alphabet of a key's secret fits an address, and so does its length.
        let drawn = try APIKeySecret.generate()
        token = String(drawn.text.dropFirst("plm_".count))
        self.clock = clock
        offer = Mutex(
            Offer(
                digest: SHA256.hash(Array(token.utf8)),
                secret: secret,
                end: clock() + Self.lifetime
            )
        )
    }

    /// Exchanges a token; only the first time within its life it gives the key.
    func redeem(_ token: String) -> APIKeySecret? {
        // Digests are compared, so that the time tells nothing about the token.
        let digest = SHA256.hash(Array(token.utf8))
        let now = clock()
        return offer.withLock { offer in
            guard let current = offer, current.digest == digest else { return nil }
            offer = nil
            return now < current.end ? current.secret : nil
        }
    }
}
