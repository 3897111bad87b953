import DecoupledCore

extension NetworkDescription {
  /// - Throws: one sentence naming the first setting that cannot work.
  public func validate() throws {
    func check(_ condition: Bool, _ message: @autoclosure () -> String) throws {
      if !condition { throw EngineError(.invalidArgument, "Network '\(name)': \(message())") }
    }
    try check((1...254).contains(classes), "classes must lie between 1 and 254, not \(classes).")
    try check(
      batchNormalizationEpsilon >= 0 && batchNormalizationEpsilon < 1,
      "batch_normalization_epsilon must be at least 0 and below 1, not \(batchNormalizationEpsilon).")
    try Families.of(self).validate(self)
  }
}
