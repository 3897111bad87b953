/// What the header of an image file says.
public struct ImageHeader: Sendable, Equatable {
  /// Stored columns, before the orientation is applied.
  public let width: Int
  /// Stored rows, before the orientation is applied.
  public let height: Int
  /// From the EXIF block of a JPEG; `upright` for all other files.
  public let orientation: Orientation

  /// Columns of the upright image.
  public var uprightWidth: Int { orientation.swapsSides ? height : width }
  /// Rows of the upright image.
  public var uprightHeight: Int { orientation.swapsSides ? width : height }
}
