import Testing

@testable import BlobStore
