/// Which operators and chains plugins take as one kernel, by layout and element type.
public struct SupportTable {
  /// How many of the offered shapes were taken.
  private struct Cell {
    var taken = 0
    var offered = 0

    var text: String { taken == 0 ? "–" : taken == offered ? "yes" : "\(taken) of \(offered)" }
  }

  private static let columns = ["NCHW", "NHWC", "float64", "gaps in lines", "float16 weights"]

  private var plugins: [String] = []
  private var order: [String] = []
  private var cells: [String: Cell] = [:]

  public init() {}

  public mutating func add(_ plugin: String, _ outcomes: [Supervisor.Outcome]) {
    plugins.append(plugin)
    for outcome in outcomes {
      if !order.contains(outcome.group) { order.append(outcome.group) }
      let column =
        outcome.text.contains("layout=nhwc")
        ? 1
        : outcome.text.contains("type=float64")
          ? 2 : outcome.text.contains("gap=pitch") ? 3 : outcome.text.contains("weights=float16") ? 4 : 0
      // Rows of lower rank have no other layout.
      let key = "\(plugin) \(outcome.group) \(column)"
      cells[key, default: Cell()].offered += 1
      if case .passed = outcome.result.verdict { cells[key]!.taken += 1 }
    }
  }

  public var csv: String {
    var lines = [(["plugin", "operators"] + Self.columns).joined(separator: ",")]
    for plugin in plugins {
      for group in order {
        let row = Self.columns.indices.map { cells["\(plugin) \(group) \($0)"]?.text ?? "" }
        lines.append(([plugin, group] + row).joined(separator: ","))
      }
    }
    return lines.joined(separator: "\n")
  }

  public var markdown: String {
    var lines: [String] = []
    for plugin in plugins {
      lines += ["## \(plugin)", "", "| operators | \(Self.columns.joined(separator: " | ")) |"]
      lines.append("|---|" + Self.columns.map { _ in "---|" }.joined())
      for group in order {
        let row = Self.columns.indices.map { cells["\(plugin) \(group) \($0)"]?.text ?? "" }
        // A chain that no kernel takes whole says nothing that its parts do not.
        if group.contains("+"), row.allSatisfy({ $0 == "–" || $0.isEmpty }) { continue }
        lines.append("| \(group.split(separator: "+").joined(separator: " + ")) | \(row.joined(separator: " | ")) |")
      }
      lines.append("")
    }
    return lines.joined(separator: "\n")
  }
}
