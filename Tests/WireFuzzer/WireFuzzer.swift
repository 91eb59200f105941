import WireHarness

/// The libFuzzer entry point, called with one input at a time.
///
/// `make fuzz` links it with libFuzzer's `main`.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    if let violation = WireProperties.violation(
        of: Array(UnsafeBufferPointer(start: bytes, count: count))
    ) {
        fatalError(violation)
    }
    return 0
}
