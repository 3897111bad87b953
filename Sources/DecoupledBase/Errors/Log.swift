import Synchronization

/// The engine's log. Nothing is printed unless a handler is installed.
public enum Log {
  public typealias Handler = @Sendable (LogLevel, String) -> Void

  private static let handler = Mutex<Handler?>(nil)
  private static let said = Mutex<Set<String>>([])

  /// Replaces the handler; nil silences the log. The handler may be called from any thread.
  public static func setHandler(_ new: Handler?) { handler.withLock { $0 = new } }

  public static func write(_ level: LogLevel, _ message: String) {
    let current = handler.withLock { $0 }
    current?(level, message)
  }

  /// Writes a message the first time only.
  public static func writeOnce(_ level: LogLevel, _ message: String) {
    if said.withLock({ $0.insert(message).inserted }) { write(level, message) }
  }
}
