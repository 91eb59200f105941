/// sin(a * x + b * y + c) on a grid, from tables of one row and one column.
struct PlaneWave {
    private let columns: [(sine: Double, cosine: Double)]
    private let rows: [(sine: Double, cosine: Double)]

    /// Tabulates a wave.
    ///
    /// - Parameters:
    ///   - columns: The part of the angle that depends on the column, phase included, for each column.
    ///   - rows: The part that depends on the row, for each row.
    init(columns: [Double], rows: [Double]) {
        self.columns = columns.map(PortableSine.both)
        self.rows = rows.map(PortableSine.both)
    }

    /// The wave at a pixel, by the sine of a sum.
    func value(column: Int, row: Int) -> Double {
        columns[column].sine * rows[row].cosine + columns[column].cosine * rows[row].sine
    }
}
