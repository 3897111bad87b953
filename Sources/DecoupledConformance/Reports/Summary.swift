import DecoupledBase

/// Outcomes by operator.
public struct Summary {
  struct Row {
    var passed = 0
    var failed = 0
    var declined = 0
    var error = 0.0
    var tolerance = 0.0
  }

  private var rows: [String: Row] = [:]
  private var order: [String] = []
  private(set) var total = Row()

  public init(_ outcomes: [Supervisor.Outcome]) {
    for outcome in outcomes {
      if rows[outcome.group] == nil { order.append(outcome.group) }
      var row = rows[outcome.group] ?? Row()
      switch outcome.result.verdict {
      case .passed:
        row.passed += 1
        total.passed += 1
      case .failed:
        row.failed += 1
        total.failed += 1
      case .declined:
        row.declined += 1
        total.declined += 1
      }
      row.error = max(row.error, outcome.result.error)
      row.tolerance = max(row.tolerance, outcome.result.tolerance)
      rows[outcome.group] = row
    }
  }

  public var hasPassed: Bool { total.failed == 0 && total.passed > 0 }

  /// A line for each operator, and one for all.
  public var text: String {
    let width = (order.map(\.count).max() ?? 0) + 2
    var lines = order.map { group -> String in
      let row = rows[group]!
      let name = group + String(repeating: " ", count: width - group.count)
      let error =
        row.tolerance > 0
        ? "  error \(NumberText.short(row.error)) of \(NumberText.short(row.tolerance))" : ""
      return "\(name)\(row.passed) passed, \(row.failed) failed, \(row.declined) declined\(error)"
    }
    lines.append("\(total.passed) passed, \(total.failed) failed, \(total.declined) declined")
    return lines.joined(separator: "\n")
  }
}
