/// What went wrong with a file, a dataset or an argument, in one sentence that names it and says what to do.
public struct VisionError: Error, Sendable, Equatable, CustomStringConvertible {
  public let message: String
  /// Whether the file system refused: no permission, no space, no such file. Otherwise contents or arguments are wrong.
  public let isFileSystem: Bool

  public init(_ message: String, isFileSystem: Bool = false) {
    self.message = message
    self.isFileSystem = isFileSystem
  }

  public var description: String { message }
}
