/// All that decides what happens in a cell.
package struct CellPlan: Sendable {
    /// The images a day of each tenant.
    package var loads: [Double]
    /// How many machines there are.
    package var machines: Int
    /// How many codecs a machine has.
    package var codecs: Int
    /// What images are.
    package var mix: PhotoMix
    /// How many images jobs have.
    package var sizes: JobSizes = .mixed
    /// How arrivals spread over the day.
    package var curve = DayCurve(peak: 3, peakAt: 14 * .hour)
    /// What queries cost.
    package var database = DatabaseCost()
    /// The times of machines and leases.
    package var timing = Timing()
    /// When the database is away, and for how long.
    package var outage: (from: Microseconds, span: Microseconds)? = (14 * .hour, .seconds(120))
    /// When jobs come.
    package var arrivals: Range<Microseconds> = 0..<(.day)
    /// How long after the last job images that have not ended are waited for.
    package var patience: Microseconds = .day
    /// How many of its machines die in an hour.
    package var deathsPerHour = 0.01
    /// The share of attempts at which a machine's storage fails.
    package var storageFaults = 1e-4
    /// The share of the photos that end every codec that decodes them.
    package var poison = 1e-6
    /// How many servers look at jobs, and how often in a second each does.
    package var servers = (count: 3, looksPerSecond: 3.0)
    /// Decides every random number.
    package var seed: UInt64 = 1

    /// Plans a cell.
    package init(loads: [Double], machines: Int, codecs: Int, mix: PhotoMix) {
        self.loads = loads
        self.machines = machines
        self.codecs = codecs
        self.mix = mix
    }
}
