/// Outcomes as JSON.
public enum OutcomeJSON {
  public static func text(_ job: Job, _ outcomes: [Supervisor.Outcome]) -> String {
    let summary = Summary(outcomes)
    let cases = outcomes.map { outcome -> String in
      let (verdict, sentence) =
        switch outcome.result.verdict {
        case .passed: ("passed", outcome.result.note)
        case .declined: ("declined", outcome.result.note)
        case .failed(let sentence): ("failed", sentence)
        }
      return
        "    {\"case\": \(quoted(outcome.text)), \"verdict\": \"\(verdict)\", \"error\": \(outcome.result.error), \"tolerance\": \(outcome.result.tolerance), \"nodes\": \(outcome.result.nodes), \"sentence\": \(quoted(sentence))}"
    }
    return """
      {
        "mode": "\(job.kind.rawValue)",
        "plugin": \(quoted(job.plugin)),
        "seed": \(job.seed),
        "passed": \(summary.total.passed),
        "failed": \(summary.total.failed),
        "declined": \(summary.total.declined),
        "cases": [
      \(cases.joined(separator: ",\n"))
        ]
      }
      """
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\" + String(scalar)
      case _ where scalar.value < 32: result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
