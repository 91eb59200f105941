import Webhooks

/// The body of `PUT /v1/webhook`.
struct WebhookRequest: Decodable, Sendable {
    private enum Name: String, CodingKey, CaseIterable {
        case url
    }

    private static let detail = """
        The url must be an address of at most \(WebhookURL.maxBytes) visible ASCII characters, such \
        as https://example.com/hook, without a user name and a fragment.
        """

    let url: WebhookURL

    /// Decodes the body; the policy decides about the address afterwards.
    ///
    /// - Throws: ``APIError`` (400) that names the member.
    init(from decoder: any Decoder) throws {
        let members = try JSONMembers<Name>(decoder)
        guard let text = try members.value(.url, as: String.self, Self.detail),
            let url = WebhookURL(text)
        else { throw APIError.parameterInvalid(Name.url.rawValue, Self.detail) }
        self.url = url
    }
}
