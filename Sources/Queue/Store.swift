/// Everything that the service keeps in a database: the queue, jobs, API keys, and classes.
///
/// An implementation is held to the conformance suite in `Tests/StoreConformanceTests`. A store
/// decides nothing by itself: which image is next, what an outcome makes of it and who still holds
/// a lease follow from `FairQueue`, `RetryRule` and the documentation of the requirements.
///
/// Each call is one transaction. What a call has written when it returns survives a power cut. A
/// write runs to its end even if the task that asked for it is cancelled.
public protocol Store: WorkQueue, JobCatalog, KeyCatalog, ClassCatalog, WebhookCatalog,
    BlobReferences, ClusterCatalog, StoreUpkeep
{}
