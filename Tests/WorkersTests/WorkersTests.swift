import Testing

@testable import Workers
