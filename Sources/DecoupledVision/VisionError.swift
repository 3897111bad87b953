/// What went wrong with a file, a dataset or an argument, in one sentence that names it and says what to do.
public struct VisionError: Error, Sendable, Equatable, CustomStringConvertible {
  public let message: String

  public init(_ message: String) { self.message = message }

  public var description: String { message }
}
