public import JobModel

/// What weights were trained for, and so how a change that they propose is used.
public struct WeightsUse: Sendable, Hashable {
    /// The working size of weights that name none, in pixels.
    public static let standardWorkingSize = 128

    /// What `mask=photo` stands for, and how the bound is kept without a mask.
    public let photoMask: PhotoMask
    /// The short side in pixels at which the change is computed unless a job says another.
    public let workingSize: Int

    /// Names a use; by default that of weights which state none.
    public init(photoMask: PhotoMask = .channels, workingSize: Int = standardWorkingSize) {
        self.photoMask = photoMask
        self.workingSize = workingSize
    }
}
