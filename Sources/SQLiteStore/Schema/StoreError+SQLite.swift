import GRDB
import Queue

extension StoreError {
    /// Classifies an error that a statement threw.
    init(_ error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError: self.init(error)
        default: self = .corrupt("A value in the database could not be read.")
        }
    }

    private init(_ error: DatabaseError) {
        let message = error.message ?? "no message"
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupt(message)
        case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY: self = .disk(message)
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy
        default:
            self = .database(code: "\(error.extendedResultCode.rawValue)", message: message)
        }
    }
}
