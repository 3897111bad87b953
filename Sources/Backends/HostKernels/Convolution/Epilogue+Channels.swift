extension Epilogue {
  /// What follows the channels from `first` on, counted from there.
  func from(channel first: Int) -> Epilogue {
    var part = self
    part.bias = bias.map { $0 + first }
    part.mean = mean.map { $0 + first }
    part.factor = factor.map { $0 + first }
    part.shift = shift.map { $0 + first }
    return part
  }
}
