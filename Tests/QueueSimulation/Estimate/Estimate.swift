/// What a day of images takes, on paper.
package struct Estimate: Sendable {
    /// Its name in the table.
    package let name: String
    /// The time of a codec for an image, in seconds.
    package let seconds: Double
    /// The bytes of an image as it comes, and as it goes.
    package let bytes: (input: Double, output: Double)

    /// How many images come in a day.
    package static let imagesPerDay = 1e8
    /// How much more comes at the peak than on average.
    package static let peak = 3.0
    /// How long files are kept.
    package static let retentionHours = 24.0
    /// How often an image's files are written and read: as photo and as picture each once.
    package static let requests = (writes: 2.0, reads: 2.0)

    /// The estimates of docs/scaling.md, after docs/performance.md.
    package static let all = [
        // 1,000 photos of 1,492 megapixels in all gave 1.97 GB; their JPEGs have the 1.9 MB for
        // 12.19 megapixels of the other column, in proportion.
        Estimate(
            name: "mixed, 1.5 MP",
            seconds: 1 / 11.7,
            bytes: (1.9e6 / 12.192768 * 1.492, 1.97e6)
        ),
        Estimate(name: "12 MP", seconds: 0.306, bytes: (1.9e6, 14.1e6)),
    ]

    private var perSecond: Double { Self.imagesPerDay / 86_400 }
    /// The bytes that come in and go out in a day.
    private var dailyInput: Double { Self.imagesPerDay * bytes.input }
    private var dailyOutput: Double { Self.imagesPerDay * bytes.output }
    /// The bytes that are kept at any time.
    private var stored: Double { (dailyInput + dailyOutput) * Self.retentionHours / 24 }

    /// The rows of the table, each with its name and its value.
    private var rows: [(String, String)] {
        let cores = perSecond * seconds
        let requests = perSecond * (Self.requests.writes + Self.requests.reads)
        return [
            ("images a second, mean / peak", pair(perSecond, perSecond * Self.peak)),
            ("codecs at work, mean / peak", pair(cores, cores * Self.peak)),
            (
                "machines of 32 cores, peak and a quarter more",
                Figure.fixed((cores * Self.peak * 1.25 / 32).rounded(.up), 0)
            ),
            ("in, TB a day", Figure.three(dailyInput / 1e12)),
            ("out, TB a day", Figure.three(dailyOutput / 1e12)),
            (
                "out, Gbit/s, mean / peak",
                pair(dailyOutput * 8 / 86_400 / 1e9, dailyOutput * 8 / 86_400 / 1e9 * Self.peak)
            ),
            ("stored for 24 hours, TB", Figure.three(stored / 1e12)),
            ("object requests a second, mean / peak", pair(requests, requests * Self.peak)),
        ]
    }

    private func pair(_ one: Double, _ other: Double) -> String {
        "\(Figure.three(one)) / \(Figure.three(other))"
    }

    /// The table of what a day takes.
    package static var table: String {
        let columns = all.map(\.rows)
        let rows = (columns.first ?? []).indices.map { row in
            [columns[0][row].0] + columns.map { $0[row].1 }
        }
        return Figure.table(
            ["\(Figure.fixed(imagesPerDay, 0)) images a day"] + all.map(\.name),
            rows
        )
    }

    /// The table of what it costs in a month of 30 days, by lists of prices.
    package static func bill(_ lists: [PriceList]) -> String {
        let rows = lists.flatMap { list in
            all.map { estimate -> [String] in
                let bill = list.bill(
                    stored: estimate.stored,
                    writes: imagesPerDay * 30 * requests.writes,
                    reads: imagesPerDay * 30 * requests.reads,
                    output: estimate.dailyOutput * 30
                )
                return [list.name, estimate.name] + bill.map { Figure.fixed($0 / 1000, 0) }
            }
        }
        return Figure.table(
            ["thousand USD a month", "", "storage", "writes", "reads", "out to the internet"],
            rows
        )
    }
}
