/// The numbers that a setting may be.
public struct SettingRange<Number: Comparable> {
  let contains: (Number) -> Bool
  /// With "must" in front: "lie between 1 and 4", "be at least 0 and below 1".
  let words: String

  public static func between(_ lower: Number, _ upper: Number) -> Self {
    let words = lower == upper ? "be \(text(lower))" : "lie between \(text(lower)) and \(text(upper))"
    return Self(contains: { $0 >= lower && $0 <= upper }, words: words)
  }

  public static func atLeast(_ lower: Number) -> Self {
    Self(contains: { $0 >= lower && isFinite($0) }, words: "be at least \(text(lower))")
  }

  public static func atLeast(_ lower: Number, below upper: Number) -> Self {
    Self(contains: { $0 >= lower && $0 < upper }, words: "be at least \(text(lower)) and below \(text(upper))")
  }

  public static func above(_ lower: Number) -> Self {
    Self(contains: { $0 > lower && isFinite($0) }, words: "be above \(text(lower))")
  }

  public static func above(_ lower: Number, upTo upper: Number) -> Self {
    Self(contains: { $0 > lower && $0 <= upper }, words: "be above \(text(lower)) and at most \(text(upper))")
  }

  /// "between 1 and 4".
  var values: String { words.split(separator: " ").dropFirst().joined(separator: " ") }

  private static func isFinite(_ number: Number) -> Bool { (number as? any FloatingPoint)?.isFinite ?? true }

  private static func text(_ number: Number) -> String {
    let text = "\(number)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
