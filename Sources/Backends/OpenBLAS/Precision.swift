/// How exactly matrix products are summed, chosen by the environment when the plugin is loaded.
import DecoupledBackendKit

enum Precision {
  /// Single precision rounds each partial sum. Whoever compares values near a kink (a ReLU at 0) sets
  /// DECOUPLED_OPENBLAS_PRECISE=1: products are then summed in double and rounded once, at less than half the speed.
  static let sumsInDouble: Bool =
    PluginEnvironment.isOn("DECOUPLED_OPENBLAS_PRECISE")
}
