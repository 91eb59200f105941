import HTTPTypes
import JobModel

/// Faults in the names of parameters, fields and members.
///
/// The names come from the client, so each is quoted by ``Quotation`` before it is repeated.
extension APIError {
    /// A parameter that the route does not have.
    ///
    /// - Parameters:
    ///   - name: The name that was sent.
    ///   - known: The names that exist, in the order in which to list them.
    /// - Returns: The error, which suggests the nearest known name.
    static func parameterUnknown(_ name: String, known: [String]) -> APIError {
        guard !known.isEmpty else {
            return APIError(
                .badRequest,
                "parameter_unknown",
                "There is no parameter \(Quotation.of(name)): this resource has none."
            )
        }
        return APIError(.badRequest, "parameter_unknown", unknown("parameter", name, known))
    }

    /// A member that the JSON object does not have.
    static func memberUnknown(_ name: String, known: [String]) -> APIError {
        APIError(.badRequest, "member_unknown", unknown("member", name, known))
    }

    /// A parameter that occurs more than once in the query, so that its value is ambiguous.
    static func parameterRepeated(_ name: String) -> APIError {
        APIError(
            .badRequest,
            "parameter_repeated",
            "The parameter \(Quotation.of(name)) is in the query more than once; give it once."
        )
    }

    /// A field that occurs more than once in a form and holds for all of its files.
    static func fieldRepeated(_ name: String) -> APIError {
        APIError(
            .badRequest,
            "parameter_repeated",
            "The field \(Quotation.of(name)) is in the form more than once; give it once."
        )
    }

    private static func unknown(_ kind: String, _ name: String, _ known: [String]) -> String {
        let suggestion =
            Spelling.nearest(to: name, among: known).map { "; did you mean '\($0)'?" } ?? "."
        let list =
            known.count == 1
            ? known[0] : "\(known.dropLast().joined(separator: ", ")) and \(known[known.count - 1])"
        return
            "There is no \(kind) \(Quotation.of(name))\(suggestion) The \(kind)\(known.count == 1 ? " is" : "s are") \(list)."
    }
}

/// Faults in the fields of a form.
extension APIError {
    /// A field that was meant to be a file but has no filename.
    static func fileWithoutName(_ field: String) -> APIError {
        APIError(
            .badRequest,
            "parameter_unknown",
            "The form field \(Quotation.of(field)) is not a parameter, and a photo needs a filename; give its part a "
                + "filename. With curl put an @ before the path: -F file=@photo.jpg"
        )
    }

    /// A file whose filename is empty.
    static func fileUnnamed(_ field: String) -> APIError {
        APIError(
            .badRequest,
            "file_unnamed",
            "The file in the field \(Quotation.of(field)) of the form has no name; give its part a filename."
        )
    }

    /// A field with more bytes than a parameter may have.
    static func fieldTooLarge(_ field: String) -> APIError {
        APIError(
            .badRequest,
            "field_too_large",
            "The field \(Quotation.of(field)) of the form is larger than a parameter can be; a file needs a filename in its part, "
                + "as curl's -F file=@photo.jpg sends it."
        )
    }

    /// A field that is not valid UTF-8.
    static func fieldMalformed(_ field: String) -> APIError {
        APIError(
            .badRequest,
            "field_malformed",
            "The field \(Quotation.of(field)) of the form is not UTF-8; send it so, or give it a filename if it is a photo."
        )
    }
}
