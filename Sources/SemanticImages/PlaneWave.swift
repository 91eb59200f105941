/// sin(a * x + b * y + c) on a grid, from one table for the columns and one for the rows.
struct PlaneWave {
    private let columns: [(sine: Double, cosine: Double)]
    private let rows: [(sine: Double, cosine: Double)]

    /// Tabulates a wave.
    ///
    /// - Parameters:
    ///   - columns: For each column, the part of the angle that depends on it, including the phase.
    ///   - rows: For each row, the part of the angle that depends on it.
    init(columns: [Double], rows: [Double]) {
        self.columns = columns.map(PortableSine.both)
        self.rows = rows.map(PortableSine.both)
    }

    /// Returns the wave at a pixel, by the angle sum identity.
    func value(column: Int, row: Int) -> Double {
        columns[column].sine * rows[row].cosine + columns[column].cosine * rows[row].sine
    }
}
