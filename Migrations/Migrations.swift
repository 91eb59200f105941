/// The forward-only SQL migrations, embedded in the binary.
public enum Migrations {}
