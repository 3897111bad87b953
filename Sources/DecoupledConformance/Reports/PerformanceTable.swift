import DecoupledBase

/// Times of one or two plugins side by side.
public enum PerformanceTable {
  public static func text(_ plugins: [String], _ outcomes: [Supervisor.Outcome]) -> String {
    let heads = plugins.flatMap { ["\($0) µs", "GFLOP/s", "GB/s", "nodes"] }
    var lines = ["| case | \(heads.joined(separator: " | ")) |", "|---|" + heads.map { _ in "---|" }.joined()]
    for outcome in outcomes {
      if case .failed(let sentence) = outcome.result.verdict {
        lines.append("| \(outcome.text) | \(sentence) |")
        continue
      }
      let words = outcome.result.note.split(separator: " ")
      let cells = stride(from: 0, to: words.count - 3, by: 4).flatMap { start -> [String] in
        guard let microseconds = Double(words[start]), microseconds > 0 else { return ["–", "", "", ""] }
        let operations = 2 * (Double(words[start + 1]) ?? 0)
        let bytes = Double(words[start + 2]) ?? 0
        return [
          NumberText.fixed(microseconds, digits: 1),
          operations > 0 ? NumberText.fixed(operations / microseconds / 1e3, digits: 1) : "",
          NumberText.fixed(bytes / microseconds / 1e3, digits: 1), String(words[start + 3]),
        ]
      }
      lines.append("| \(outcome.text) | \(cells.joined(separator: " | ")) |")
    }
    return lines.joined(separator: "\n")
  }
}
