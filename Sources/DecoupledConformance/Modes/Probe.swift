/// A short look at a plugin: what every host asks of it before it computes.
enum Probe {
  static func run(_ backend: OpenBackend) -> CaseResult {
    for check in ContractCheck.allCases {
      let result = check.run(backend)
      if case .failed = result.verdict { return result }
    }
    let info = backend.library.info
    var result = CaseResult(verdict: .passed)
    result.note = "\(info.name)  \(info.variant)  version \(info.version)  score \(info.score)"
    return result
  }
}
