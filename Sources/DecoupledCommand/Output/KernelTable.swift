import DecoupledCore

/// Times of kernels by layer, in the order in which they first ran.
struct KernelTable {
  private struct Row {
    let timing: KernelTiming
    var seconds = 0.0
    var multiplyAdds = 0
    var bytes = 0
  }

  private var rows: [Row] = []
  private var places: [String: Int] = [:]

  mutating func add(_ timing: KernelTiming) {
    let key = timing.layer + timing.operators
    if places[key] == nil {
      places[key] = rows.count
      rows.append(Row(timing: timing))
    }
    rows[places[key]!].seconds += timing.seconds
    rows[places[key]!].multiplyAdds += timing.multiplyAdds
    rows[places[key]!].bytes += timing.bytes
  }

  /// - Parameter peak: GFLOP/s that the machine reaches.
  func text(runs: Int, peak: Double) -> String {
    let total = max(rows.reduce(0) { $0 + $1.seconds }, 1e-9)
    let lines = rows.map { row -> String in
      let seconds = max(row.seconds, 1e-9)
      let direct = 2e-9 * Double(row.multiplyAdds) / seconds
      let actual = direct * row.timing.workShare
      let cells = [
        row.timing.layer, row.timing.operators, row.timing.algorithm,
        Console.decimal(1000 * row.seconds / Double(runs), 2), Console.decimal(100 * row.seconds / total, 1),
        row.multiplyAdds == 0 ? "" : Console.decimal(direct, 0), actual == 0 ? "" : Console.decimal(actual, 0),
        actual == 0 ? "" : Console.decimal(100 * actual / peak, 0),
        Console.decimal(1e-9 * Double(row.bytes) / seconds, 1),
      ]
      return "| \(cells.joined(separator: " | ")) |"
    }
    return
      ([
        "| layer | operators | algorithm | ms | % | GFLOP/s, direct count | GFLOP/s computed | % of peak | GB/s |",
        "|---|---|---|---|---|---|---|---|---|",
      ] + lines).joined(separator: "\n")
  }
}
