import DecoupledVision

/// One sample of phase 2 before it is cut: the item, the window, and the classes that are foreground in it.
struct SegmentationSample {
  let item: Int
  /// Nil for the whole image.
  let window: Window?
  /// Class ids of the data set.
  let subset: [UInt8]
}
