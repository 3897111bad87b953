/// What a backend says of itself.
public struct BackendInfo: Sendable {
  public let name: String
  public let variant: String
  public let version: String
  /// The file it came from, nil when it is built in.
  public let path: String?
  /// 0 = does not run on this processor.
  public let score: Int
}
