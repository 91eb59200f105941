/// The times of machines and leases.
package struct Timing: Sendable {
    /// How long a claim holds without a heartbeat.
    package var lease: Microseconds = .seconds(60)
    /// The interval between a machine's heartbeats.
    package var heartbeat: Microseconds = .seconds(20)
    /// The first wait after a claim that brought less than was asked for; it doubles.
    package var firstPoll: Microseconds = .seconds(1)
    /// The longest such wait.
    package var lastPoll: Microseconds = .seconds(5)
    /// By how much of itself such a wait may differ, up or down.
    package var pollSpread = 0.25
    /// The wait after a query that failed; it doubles.
    package var firstFaultDelay: Microseconds = .seconds(0.1)
    /// The longest such wait.
    package var lastFaultDelay: Microseconds = .seconds(2)
    /// How long a machine gathers outcomes.
    package var gathering: Microseconds = .seconds(0.02)
    /// How many outcomes end the gathering.
    package var gatheredOutcomes = 64
    /// How long a machine that died is away.
    package var replacement: Microseconds = .seconds(300)
    /// The longest wait of a client whose job was not taken.
    package var lastClientDelay: Microseconds = .seconds(30)
    /// The shortest time between two hints of a server that there is work; `nil` for no hints.
    package var hints: Microseconds? = .seconds(0.2)
    /// Whether the leader takes back no lease until a lease has passed since it saw the database
    /// again.
    package var rescuePauses = true
    /// How long a machine keeps outcomes that the database does not take; `nil` for always.
    package var outcomesKept: Microseconds?

    /// Creates the times of the service.
    package init() {}
}
