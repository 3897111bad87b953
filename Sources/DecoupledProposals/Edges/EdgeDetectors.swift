import DecoupledBase

/// Edge detectors as users ask for them.
public enum EdgeDetectors {
  /// The detector of a forest's file; without one plain gradients, which the log says.
  /// - Throws: `EngineError` when the file cannot be used, or an option needs a forest that is not given.
  public static func open(
    forest: String?, sharpening: Int? = nil, multiscale: Bool = false
  ) throws -> any EdgeDetector {
    guard let forest else {
      guard sharpening == nil, !multiscale else {
        throw EngineError(.invalidArgument, "Sharpening and several scales need a structured forest; give its file.")
      }
      Log.write(
        .warning,
        "Without a structured forest the edges are plain gradients, whose first boxes find fewer objects; "
          + "'decoupled train edges' makes a forest.")
      return GradientEdgeDetector()
    }
    return try StructuredEdgeDetector(try ForestFile.read(forest), sharpening: sharpening, multiscale: multiscale)
  }
}
