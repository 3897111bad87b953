import Glibc

/// Numbers as people read them.
public enum NumberText {
  /// A number with a fixed number of digits after the point.
  public static func fixed(_ value: Double, digits: Int) -> String {
    var unit = 1
    for _ in 0..<digits { unit *= 10 }
    guard value.isFinite, abs(value) * Double(unit) < 1e18 else { return "\(value)" }
    let scaled = Int((abs(value) * Double(unit)).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    if digits == 0 { return "\(sign)\(scaled)" }
    let fraction = String(scaled % unit)
    return "\(sign)\(scaled / unit)." + String(repeating: "0", count: digits - fraction.count) + fraction
  }

  /// A number in a few significant digits, with an exponent where it is very small or large.
  public static func short(_ value: Double, digits: Int = 3) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      guard let text = buffer.baseAddress else { return "" }
      withVaList([Int32(digits), value]) { _ = vsnprintf(text, buffer.count, "%.*g", $0) }
      return String(cString: text)
    }
  }
}
