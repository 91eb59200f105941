public import Cryptography
public import JobModel

/// A class as its owner sees it.
public struct OwnedClass: Sendable, Equatable {
    /// The class.
    public let label: ClassLabel
    /// What the generator draws for it; `nil` as long as no image asked for it.
    public let assignment: ClassAssignment?
    /// How many imported pictures it has, which take precedence over the generator.
    public let importedCount: Int

    /// For stores: a class.
    public init(label: ClassLabel, assignment: ClassAssignment?, importedCount: Int) {
        self.label = label
        self.assignment = assignment
        self.importedCount = importedCount
    }
}

/// A page of classes.
public struct ClassPage: Sendable, Equatable {
    /// The classes, sorted by the bytes of their labels.
    public let classes: [OwnedClass]
    /// The cursor of the next page; `nil` on the last one.
    public let nextCursor: String?

    /// For stores: a page.
    public init(classes: [OwnedClass], nextCursor: String?) {
        self.classes = classes
        self.nextCursor = nextCursor
    }
}

/// The answer to a request to make a class.
public enum ClassCreation: Sendable, Equatable {
    /// It was made.
    case created(OwnedClass)
    /// It existed, with the same assignment if one was named.
    case found(OwnedClass)
    /// It has another assignment, which never changes.
    case assignedOtherwise
    /// Another class of the tenant has this place in the same family.
    case indexTaken
}

/// The answer to a request to make a picture a class's semantic image.
public enum ClassImport: Sendable, Equatable {
    /// It was made so; nothing refers any more to these blobs, which it replaces.
    case imported(isNew: Bool, unreferenced: [SHA256Digest])
    /// The key expired or was revoked.
    case keyUnusable
}
