/// The product of rows with packed panels of 16 columns, in slices of the depth that leave room in the first-level cache.
enum PanelProduct {
  private static let depthBlock = 256

  /// - Parameters:
  ///   - a: rows `aStep` apart, the elements of a row follow each other.
  ///   - weights: panels [depth][16], `panelStep` apart.
  ///   - c: rows `cStep` apart; column 0 belongs to panel 0.
  static func run(
    rows: Int, depth: Int, _ a: UnsafePointer<Float>, _ aStep: Int, _ weights: UnsafePointer<Float>, panelStep: Int,
    panels: Range<Int>, into c: UnsafeMutablePointer<Float>, _ cStep: Int, adds: Bool = false
  ) {
    let slices = (depth + depthBlock - 1) / depthBlock
    for slice in 0..<slices {
      let first = slice * depth / slices
      let count = (slice + 1) * depth / slices - first
      let columns = Panels(
        weights + (panels.lowerBound * panelStep + first * 16), step: panelStep, count: panels.count)
      MicroKernel.multiply(
        rows: rows, depth: count, a + first, aStep, columns, c + panels.lowerBound * 16, cStep, adds: adds || slice > 0)
    }
  }
}
