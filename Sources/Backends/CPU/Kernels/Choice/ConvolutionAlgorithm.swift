/// Which algorithm computes a convolution with 3x3 kernels: what was measured for the shapes of the presets
/// (`ConvolutionTable`, made by `decoupled bench --tune`), a rule for others. Never a measurement at run time, so that a shape
/// gives the same bits in every run.
import DecoupledBackendKit

struct ConvolutionShape: Hashable {
  let inputs: Int
  let outputs: Int
  let height: Int
  let width: Int

  init(_ inputs: Int, _ outputs: Int, _ height: Int, _ width: Int) {
    (self.inputs, self.outputs, self.height, self.width) = (inputs, outputs, height, width)
  }
}

enum ConvolutionAlgorithm: String {
  case winograd4, winograd6, direct

  static func choice(_ shape: ConvolutionShape) -> ConvolutionAlgorithm {
    forced ?? ConvolutionTable.measured[shape] ?? rule(shape)
  }

  /// The one that DECOUPLED_CPU_CONVOLUTION names: `decoupled bench --tune` measures each of them.
  private static var forced: ConvolutionAlgorithm? {
    PluginEnvironment.text("DECOUPLED_CPU_CONVOLUTION").flatMap(ConvolutionAlgorithm.init)
  }

  /// Measured on Zen 3. Larger tiles save products but their weights take 7.1 instead of 4 times the memory, which have to
  /// come from memory once for a block of tiles: they pay on large planes and up to 256 channels.
  private static func rule(_ shape: ConvolutionShape) -> ConvolutionAlgorithm {
    shape.height * shape.width >= 60 * 60 && max(shape.inputs, shape.outputs) <= 256 ? .winograd6 : .winograd4
  }
}
