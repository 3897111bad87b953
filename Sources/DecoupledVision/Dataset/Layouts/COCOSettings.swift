/// Settings of masks made from COCO's files, where the sources leave a choice.
public struct COCOSettings: Sendable, Equatable, Codable {
  /// What a pixel becomes that belongs to several objects.
  public enum Overlap: String, Sendable, Codable, CaseIterable {
    /// The object that comes later in the file, as COCO's own conversion does.
    case later
    /// Void, as torchvision's training script does.
    case void
  }

  /// What the roughly outlined crowds become.
  public enum Crowd: String, Sendable, Codable, CaseIterable {
    /// Void, where no single object is.
    case void
    /// Their class, like every other object.
    case object
  }

  public var overlap = Overlap.later
  public var crowd = Crowd.void

  public init() {}
}
