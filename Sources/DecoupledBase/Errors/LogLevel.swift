/// How loud a log line is; raw values cross the C headers.
public enum LogLevel: Int32, Sendable, Comparable {
  case debug = 0
  case info = 1
  case warning = 2
  case error = 3

  public static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }
}
