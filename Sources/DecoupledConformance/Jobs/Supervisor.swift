import DecoupledBase
import Glibc

/// The parent's side: runs a job in child processes with a time limit. A plugin that crashes, blocks or ends the process
/// costs the item it was at; a new child goes on behind it.
public struct Supervisor {
  private let job: Job
  private let items: [Job.Item]
  private let timeLimit: Double
  /// Children that may end badly before the rest is given up.
  private static let patience = 10

  /// - Parameter timeLimit: seconds for loading, and for each item.
  public init(_ job: Job, timeLimit: Double) throws {
    self.job = job
    self.timeLimit = timeLimit
    items = try job.items()
  }

  /// What was tried, in order.
  public struct Outcome: Sendable {
    public let text: String
    public let group: String
    public let result: CaseResult
  }

  /// - Parameter onOutcome: called after each item.
  /// - Throws: `EngineError` with status `backend` when the plugin cannot be loaded and opened.
  public func run(_ onOutcome: (Outcome) -> Void = { _ in }) throws -> [Outcome] {
    var outcomes: [Outcome] = []
    var badEndings = 0
    func report(_ index: Int, _ result: CaseResult) {
      let outcome = Outcome(text: items[index].text, group: items[index].group, result: result)
      outcomes.append(outcome)
      onOutcome(outcome)
    }
    while outcomes.count < items.count {
      let child = try ChildProcess(["backend", "worker"] + job.arguments(from: outcomes.count))
      var hasBegun = false
      var refusal: String?
      var isTooSlow = false
      while true {
        let (line, late) = child.line(within: timeLimit)
        guard let line else {
          isTooSlow = late
          break
        }
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        switch fields[0] {
        case "begin": hasBegun = true
        case "refused" where fields.count > 1: refusal = fields[1]
        case "result" where fields.count == 7: report(outcomes.count, Self.result(fields))
        default: break
        }
      }
      let ending = child.wait(isTooSlow: isTooSlow)
      if let refusal { throw EngineError(.backend, refusal) }
      guard outcomes.count < items.count else { break }
      guard hasBegun else {
        throw EngineError(.backend, "The backend '\(job.plugin)' \(clause(ending)) while it is loaded and opened.")
      }
      var result = CaseResult(verdict: .failed(clause(ending)))
      result.tolerance = 0
      report(outcomes.count, result)
      badEndings += 1
      if badEndings == Self.patience, outcomes.count < items.count {
        throw EngineError(
          .backend,
          "The backend '\(job.plugin)' ended \(badEndings) child processes; \(items.count - outcomes.count) cases were not tried. The last one was: \(outcomes[outcomes.count - 1].text)"
        )
      }
    }
    return outcomes
  }

  private static func result(_ fields: [String]) -> CaseResult {
    var result = CaseResult(verdict: .passed)
    switch fields[2] {
    case "declined": result.verdict = .declined
    case "failed": result.verdict = .failed(fields[6])
    default: break
    }
    result.error = Double(fields[3]) ?? 0
    result.tolerance = Double(fields[4]) ?? 0
    result.nodes = Int(fields[5]) ?? 0
    result.note = fields[6]
    return result
  }

  private func clause(_ ending: ChildProcess.Ending) -> String {
    switch ending {
    case .exited(let status): "ends the process with status \(status)"
    case .killed(let signal): "crashes with signal \(signal) (\(String(cString: strsignal(signal))))"
    case .tooSlow: "does not return within \(NumberText.short(timeLimit)) seconds"
    }
  }
}
