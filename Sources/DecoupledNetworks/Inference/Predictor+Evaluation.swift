import DecoupledVision

extension Predictor: ImageSegmenter {
  public func segment(_ images: [RGBImage], labels: [[Int]?]) throws -> [(scores: [Float], labelMap: LabelMap)] {
    try predict(images, labels: labels).map { ($0.scores, $0.labelMap) }
  }
}
