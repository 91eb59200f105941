import FoundationEssentials
import Glibc

/// Where and when the tables were made.
enum Machine {
    /// The day, the processor's name and the number of processors.
    static var description: String {
        let day = Date.now.formatted(.iso8601.year().month().day())
        return "\(day), \(processor), \(sysconf(Int32(_SC_NPROCESSORS_ONLN))) processors"
    }

    private static var processor: String {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        let name = line?.split(separator: ":").last.map(String.init)
        return name?.trimming { $0 == " " || $0 == "\t" } ?? "an unknown processor"
    }
}

extension String {
    fileprivate func trimming(_ isSpace: (Character) -> Bool) -> String {
        String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
