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
      for panel in panels {
        let columns = weights + (panel * panelStep + first * 16)
        MicroKernel.panel(
          rows: rows, depth: count, a + first, aStep, columns, 16, c + panel * 16, cStep, adds: adds || slice > 0)
      }
    }
  }
}
