/// An error with one sentence that names the file, layer or value and says what to do.
public struct EngineError: Error, Equatable, CustomStringConvertible, Sendable {
  public var status: Status
  public var message: String

  public init(_ status: Status, _ message: String) {
    self.status = status
    self.message = message
  }

  public var description: String { message }

  public static let cancelled = EngineError(.cancelled, "The work was cancelled.")
}
