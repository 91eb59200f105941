import CLinux
import JobModel
import POSIX

/// A weights file, opened once.
///
/// So every codec process of a pool has the same weights, even if the file is replaced.
final class WeightsDescriptor: Sendable {
    /// The model's name.
    let name: ModelName
    private let descriptor: FileDescriptor

    init(_ model: ModelFiles.Model) throws(SystemError) {
        name = model.name
        descriptor = try FileDescriptor(opening: model.path)
    }

    /// Stays open as long as the object lives.
    var number: Int32 { descriptor.number }
}

/// An eventfd by which tasks wake a thread that waits in `poll`.
final class WakerDescriptor: Sendable {
    private let descriptor: FileDescriptor

    init() throws(SystemError) {
        let number = plm_make_waker()
        guard number >= 0 else { throw SystemError(call: "eventfd", code: -number) }
        descriptor = FileDescriptor(owning: number)
    }

    /// Stays open as long as the object lives.
    var number: Int32 { descriptor.number }

    /// Makes it readable.
    func wake() { plm_wake(number) }

    /// Makes it unreadable.
    func clear() { plm_clear_waker(number) }
}
