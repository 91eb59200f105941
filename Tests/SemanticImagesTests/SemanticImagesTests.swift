import Testing

@testable import SemanticImages
