import CDecoupled
import DecoupledCore
import Glibc

/// Times a case on a backend, and on another one beside it.
final class Measurement {
  private let checks: [CaseCheck]
  private let control = RunControl()
  private static let runs = 3...30
  private static let seconds = 0.25

  init(_ backend: OpenBackend, _ rival: OpenBackend?) {
    let judge = try? Judge(threads: 1)
    checks = [backend, rival].compactMap { backend in
      backend.flatMap { backend in judge.map { CaseCheck(backend, judge: $0) } }
    }
  }

  /// The note holds microseconds, multiply-adds and bytes of each backend, separated by spaces; "-" where it declines.
  func measure(_ subject: Case) -> CaseResult {
    var notes: [String] = []
    var result = CaseResult(verdict: .declined)
    for (index, check) in checks.enumerated() {
      do {
        guard let kernel = try check.offer(subject) else {
          notes.append("- 0 0 0")
          continue
        }
        let seconds = try check.times(kernel, control, runs: Self.runs, seconds: Self.seconds)
        notes.append(
          "\(seconds * 1e6) \(kernel.subject.multiplyAdds(kernel.shapes)) \(kernel.subject.bytes(kernel.shapes)) \(kernel.subject.nodes.count)"
        )
        if index == 0 {
          result.verdict = .passed
          result.nodes = kernel.subject.nodes.count
        }
      } catch let fault as Fault {
        return CaseResult(verdict: .failed(fault.clause))
      } catch {
        return CaseResult(verdict: .failed("cannot be measured: \(error)"))
      }
    }
    result.note = notes.joined(separator: " ")
    return result
  }
}
