/// The prices of an object storage, in US dollars.
package struct PriceList: Sendable {
    /// Its name in the table.
    package let name: String
    /// A byte stored for a month.
    let stored: Double
    /// A write.
    let write: Double
    /// A read.
    let read: Double
    /// A byte sent to the internet.
    let output: Double

    private static let gibibyte = 1_073_741_824.0

    /// List prices, each with its date and source in docs/scaling.md.
    ///
    /// Volume discounts, which start far below these volumes, are not in them.
    package static let all = [
        PriceList(
            name: "Cloudflare R2",
            stored: 0.015 / 1e9,
            write: 4.50 / 1e6,
            read: 0.36 / 1e6,
            output: 0
        ),
        PriceList(
            name: "Google Cloud Storage",
            stored: 0.000_027_397 * 730 / gibibyte,
            write: 0.005 / 1000,
            read: 0.000_4 / 1000,
            output: 0.12 / gibibyte
        ),
    ]

    /// What a month costs: storage, writes, reads, and what goes out.
    func bill(stored: Double, writes: Double, reads: Double, output: Double) -> [Double] {
        [stored * self.stored, writes * write, reads * read, output * self.output]
    }
}
