import Testing

@testable import JobModel
