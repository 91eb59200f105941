import CLinux
import JobModel
import POSIX

/// A weights file that is opened once for all processes of a pool.
///
/// Thus they all have the same weights, even if the file is replaced.
final class WeightsDescriptor: Sendable {
    /// The model's name.
    let name: ModelName
    private let descriptor: FileDescriptor

    init(_ model: ModelFiles.Model) throws(SystemError) {
        name = model.name
        descriptor = try FileDescriptor(opening: model.path)
    }

    /// The descriptor; valid while the object lives.
    var number: Int32 { descriptor.number }
}

/// An eventfd by which tasks wake a thread that blocks in `poll`.
final class WakerDescriptor: Sendable {
    private let descriptor: FileDescriptor

    init() throws(SystemError) {
        let number = plm_make_waker()
        guard number >= 0 else { throw SystemError(call: "eventfd", code: -number) }
        descriptor = FileDescriptor(owning: number)
    }

    /// The descriptor; valid while the object lives.
    var number: Int32 { descriptor.number }

    /// Makes the descriptor readable.
    func wake() { plm_wake(number) }

    /// Makes the descriptor unreadable.
    func clear() { plm_clear_waker(number) }
}
