import DecoupledCore

extension BatchDimension {
  /// Images of a batch: what the classification network runs on.
  public static let images = BatchDimension("images")
  /// Label rows: one for each label pass of each image, what the segmentation network runs on.
  public static let rows = BatchDimension("rows")
  /// Identified classes, over all images of a batch: what the saliency pass runs on.
  public static let seeds = BatchDimension("seeds")
}
