/// How long a cell's database works on a query, one query at a time.
///
/// The times come from rates measured with PostgreSQL 15 on two cores and a disk with 209 flushes a
/// second, saturated by 16 clients: 400 exact claims of 1 image a second, or 173 of 16 images, or
/// 78 times claim and finish of 16 images. Real databases do more than one thing at a time, so
/// these times are long.
package struct DatabaseCost: Sendable {
    /// A claim, and each of its images.
    package var claim = (base: 0.002_28, perImage: 0.000_219)
    /// A finish, and each of its images.
    package var finish = (base: 0.004_6, perImage: 0.000_15)
    /// A new job, and each of its images; not measured.
    package var create = (base: 0.005, perImage: 0.000_02)
    /// A heartbeat, and each of its claims; not measured.
    package var heartbeat = (base: 0.000_5, perImage: 0.000_02)
    /// A look for leases that ran out, and each that did; not measured.
    package var rescue = (base: 0.001, perImage: 0.000_2)
    /// A server's look at jobs that somebody watches; not measured.
    package var look = (base: 0.000_3, perImage: 0.0)
    /// A hint that there is work: one flush of the disk.
    package var hint = (base: 0.004_8, perImage: 0.0)
    /// How many times faster the database is.
    package var speed = 1.0

    /// Creates the costs of the measured database.
    package init(speed: Double = 1) {
        self.speed = speed
    }

    /// The span of a query.
    func span(_ cost: (base: Double, perImage: Double), images: Int) -> Microseconds {
        max(.seconds((cost.base + cost.perImage * Double(images)) / speed), 1)
    }
}
