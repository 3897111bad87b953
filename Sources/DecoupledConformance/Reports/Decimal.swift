import Glibc

/// Numbers as people read them.
enum Decimal {
  /// Three significant digits.
  static func short(_ value: Double) -> String { printed("%.3g", value) }

  static func fixed(_ value: Double, _ digits: Int) -> String { printed("%.\(digits)f", value) }

  private static func printed(_ format: String, _ value: Double) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
      withVaList([value]) { _ = vsnprintf(buffer.baseAddress!, buffer.count, format, $0) }
      return String(cString: buffer.baseAddress!)
    }
  }
}
