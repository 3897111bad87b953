import DecoupledBase
import Glibc

/// Lines for people on standard error, so that results on standard output stay clean.
enum Console {
  static func note(_ line: String) { fputs(line + "\n", stderr) }

  /// Overwrites the current line on a terminal; elsewhere nothing.
  static func progress(_ line: String) {
    if isatty(2) == 1 { fputs("\r\u{1B}[K" + line, stderr) }
  }

  /// Ends a line that `progress` began.
  static func endProgress() {
    if isatty(2) == 1 { fputs("\r\u{1B}[K", stderr) }
  }

  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "?" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole)s" }
    if whole < 3600 { return "\(whole / 60)m\(whole % 60)s" }
    return "\(whole / 3600)h\(whole % 3600 / 60)m"
  }

  /// A number with `digits` decimals.
  static func decimal(_ value: Double, _ digits: Int = 3) -> String { NumberText.fixed(value, digits: digits) }
}
