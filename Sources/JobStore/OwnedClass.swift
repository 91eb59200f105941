public import Cryptography
public import JobModel

/// A class as its owner sees it.
public struct OwnedClass: Sendable, Equatable {
    /// The class.
    public let label: ClassLabel
    /// What the generator draws for it; `nil` as long as no image asked for it.
    public let assignment: ClassAssignment?
    /// How many imported pictures it has, which win over the generator.
    public let importedCount: Int
}

/// A page of classes.
public struct ClassPage: Sendable, Equatable {
    /// Sorted by the bytes of their labels.
    public let classes: [OwnedClass]
    /// What gives the next page; `nil` after the last.
    public let nextCursor: String?
}

/// What became of the wish to make a class.
public enum ClassCreation: Sendable, Equatable {
    /// It is there now.
    case created(OwnedClass)
    /// It was there, with the same assignment if one was named.
    case found(OwnedClass)
    /// It has another assignment, which never changes.
    case assignedOtherwise
    /// Another class of the tenant has this place.
    case indexTaken
}

/// What became of the wish to make a picture a class's semantic image.
public enum ClassImport: Sendable, Equatable {
    /// It is that now; nothing refers to these blobs any more, which it replaces.
    case imported(isNew: Bool, unreferenced: [SHA256Digest])
    /// The key has expired or was revoked.
    case keyUnusable
}
