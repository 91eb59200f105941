import FoundationEssentials
import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import Operations
import Queue

/// Decodes JSON request bodies strictly.
///
/// Unknown members are refused: a quota whose misspelt name were ignored would not limit anything.
enum JSONBody {
    /// The largest accepted body in bytes.
    static let maxBytes = 16 << 10

    /// Reads and decodes a body.
    ///
    /// - Parameters:
    ///   - type: The type to decode.
    ///   - request: The request.
    ///   - mediaTypes: The accepted media types.
    /// - Returns: The decoded value.
    /// - Throws: ``APIError`` (400, 415); `HTTPFault` for a body above ``maxBytes`` or a truncated
    ///   one; what `Value` throws of its own, such as `KeyFault`.
    static func decode<Value: Decodable>(
        _ type: Value.Type,
        from request: ServerRequest,
        mediaTypes: [String] = ["application/json"]
    ) async throws -> Value {
        guard (request.fields[.contentEncoding] ?? "identity").equalsIgnoringASCIICase("identity")
        else {
            throw APIError.contentEncodingUnsupported
        }
        guard let mediaType = request.contentType?.essence, mediaTypes.contains(mediaType) else {
            throw APIError(
                .unsupportedMediaType,
                "media_type_unsupported",
                "Send a JSON object with Content-Type: \(mediaTypes.joined(separator: " or "))."
            )
        }
        let bytes = try await request.body.collect(upTo: maxBytes)
        do {
            try JSONText.check(bytes)
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch JSONText.Fault.notUTF8 {
            throw APIError(
                .badRequest,
                "body_encoding_invalid",
                "The body must be JSON in UTF-8, without a byte order mark (RFC 8259, section 8.1)."
            )
        } catch JSONText.Fault.repeatedMember {
            throw APIError(
                .badRequest,
                "member_repeated",
                "An object in the body has two members of the same name; send each member once."
            )
        } catch JSONText.Fault.malformed {
            throw malformed
        } catch is DecodingError {
            throw malformed
        }
    }

    private static let malformed = APIError(
        .badRequest,
        "body_malformed",
        "The body must be a JSON object (RFC 8259)."
    )
}

/// The members of a JSON object whose names must all be known.
struct JSONMembers<Name: CodingKey & CaseIterable & RawRepresentable>
where Name.RawValue == String {
    private struct AnyName: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private let container: KeyedDecodingContainer<Name>

    /// Opens an object.
    ///
    /// - Throws: ``APIError/memberUnknown(_:known:)`` for the first unknown member in alphabetical
    ///   order.
    init(_ decoder: any Decoder) throws {
        let names = Name.allCases.map(\.rawValue)
        let members = try decoder.container(keyedBy: AnyName.self).allKeys
        if let unknown = members.map(\.stringValue).sorted().first(where: { !names.contains($0) }) {
            throw APIError.memberUnknown(unknown, known: names)
        }
        container = try decoder.container(keyedBy: Name.self)
    }

    /// Decodes a member; returns `nil` if it is absent or null.
    ///
    /// - Throws: ``APIError`` with the code `NAME_invalid` and `detail` for a value of another
    ///   type; what the value's own decoding throws.
    func value<Value: Decodable>(
        _ name: Name,
        as type: Value.Type = Value.self,
        _ detail: String
    ) throws -> Value? {
        do {
            return try container.decodeIfPresent(type, forKey: name)
        } catch let error where error is APIError || error is KeyFault {
            throw error
        } catch {
            throw APIError.parameterInvalid(name.rawValue, detail)
        }
    }

    /// Decodes a member of a merge patch (RFC 7396): null removes the value, and an absent member
    /// keeps it.
    ///
    /// - Throws: As ``value(_:as:_:)``.
    func change<Value: Decodable & Sendable & Equatable>(
        _ name: Name,
        as type: Value.Type = Value.self,
        _ detail: String
    ) throws -> ValueChange<Value> {
        guard container.contains(name) else { return .keep }
        return try value(name, as: type, detail).map { .set($0) } ?? .remove
    }
}
