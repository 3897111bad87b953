import CDecoupled

extension CaseCheck {
  /// Whether the backend takes the whole case as one kernel.
  func offered(_ subject: Case) -> CaseResult {
    do {
      guard let kernel = try offer(subject), kernel.subject.nodes.count == subject.nodes.count else {
        return CaseResult(verdict: .declined)
      }
      var result = CaseResult(verdict: .passed)
      result.nodes = subject.nodes.count
      let hasWideLayout = (kernel.layouts.inputs + kernel.layouts.outputs).joined().contains { $0 != 0 }
      result.note = hasWideLayout ? "other" : "NCHW"
      return result
    } catch let fault as Fault {
      return CaseResult(verdict: .failed(fault.clause))
    } catch {
      return CaseResult(verdict: .failed("cannot be judged: \(error)"))
    }
  }
}
