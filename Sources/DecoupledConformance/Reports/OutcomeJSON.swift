import DecoupledBase

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
        "    {\"case\": \(JSONText.quoted(outcome.text)), \"verdict\": \"\(verdict)\", \"error\": \(outcome.result.error), \"tolerance\": \(outcome.result.tolerance), \"nodes\": \(outcome.result.nodes), \"sentence\": \(JSONText.quoted(sentence))}"
    }
    return """
      {
        "mode": "\(job.kind.rawValue)",
        "plugin": \(JSONText.quoted(job.plugin)),
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
}
