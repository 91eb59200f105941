import HTTPServer
import HTTPTypes
import Logging
import Queue

/// `POST /v1/sign-in`: exchanges the token of the link that the service printed for the key.
extension API {
    /// Answers with the key once; the token is used up then.
    func exchangeToken(_ request: ServerRequest) async throws -> ServerResponse {
        try allow([], in: request.target)
        let body = try await JSONBody.decode(SignInRequest.self, from: request)
        guard let secret = signInLink?.redeem(body.token) else { throw APIError.signInInvalid }
        logger.notice("the sign-in link was used")
        return try answer(SignInDocument(key: secret.text))
    }
}

/// The body of `POST /v1/sign-in`.
struct SignInRequest: Decodable, Sendable {
    private enum Name: String, CodingKey, CaseIterable {
        case token
    }

    let token: String

    init(from decoder: any Decoder) throws {
        let detail = "The token must be a string of 1 to 256 characters."
        let members = try JSONMembers<Name>(decoder)
        guard let token = try members.value(.token, as: String.self, detail),
            (1...256).contains(token.unicodeScalars.count)
        else { throw APIError.parameterInvalid("token", detail) }
        self.token = token
    }
}

/// The answer to a token.
struct SignInDocument: Encodable {
    let key: String
}

extension APIError {
    static let signInInvalid = APIError(
        .forbidden,
        "sign_in_invalid",
        "The sign-in link is unknown, was used already or is too old; sign in with an API key, or start the service again for a new link."
    )
}
