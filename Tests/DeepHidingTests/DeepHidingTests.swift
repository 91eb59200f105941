import Testing

@testable import DeepHiding
