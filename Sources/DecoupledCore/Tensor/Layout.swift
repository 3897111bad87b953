import CDecoupled

/// How a tensor of rank 4 lies in memory; its shape always counts N, C, H, W. Raw values are those of `backend.h`.
public struct Layout: RawRepresentable, Hashable, Sendable {
  public let rawValue: Int32

  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// Row-major: what callers hand in and take out.
  public static let nchw = Layout(rawValue: Int32(DCN_LAYOUT_NCHW))
  /// The channels of a pixel follow each other.
  public static let nhwc = Layout(rawValue: Int32(DCN_LAYOUT_NHWC))

  /// Steps between neighbours along each axis of a tensor without gaps. A layout that only its backend knows counts as
  /// row-major, which gives its size.
  package func strides(_ shape: [Int]) -> [Int] {
    guard self == .nhwc, shape.count == 4 else { return Tensor.contiguousStrides(shape) }
    let (c, h, w) = (shape[1], shape[2], shape[3])
    return [c * h * w, 1, w * c, c]
  }
}
