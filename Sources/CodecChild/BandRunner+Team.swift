import Imaging
import POSIX

extension BandRunner {
    /// Runs bands on a team of threads.
    ///
    /// - Parameters:
    ///   - threads: How many threads share them; with 1, the team is left alone.
    ///   - team: Lends its helpers.
    init(threads: Int, on team: ThreadTeam) {
        self.init(threads: threads) { count, body in team.run(count, threads: threads, body) }
    }
}
