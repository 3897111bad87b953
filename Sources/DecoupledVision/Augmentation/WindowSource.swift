import DecoupledBase

/// Where the windows of combinatorial cropping come from: random sampling, or object proposals.
public protocol WindowSource: Sendable {
  /// Windows that show the foreground; exactly `count`, or none when there is no foreground.
  /// - Parameter proposals: windows that are likely to show an object, the best first; may be empty.
  func windows(
    for foreground: Foreground, proposals: [Window], count: Int, random: inout CounterRandom
  ) -> [Window]

  /// One of the windows that `windows` would give for the count `total`; nil when there is no foreground.
  func window(
    for foreground: Foreground, proposals: [Window], of total: Int, random: inout CounterRandom
  ) -> Window?
}

extension WindowSource {
  /// Without proposals.
  public func windows(for foreground: Foreground, count: Int, random: inout CounterRandom) -> [Window] {
    windows(for: foreground, proposals: [], count: count, random: &random)
  }
}
