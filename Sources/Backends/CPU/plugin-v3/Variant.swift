import CPUKernelsV3
import DecoupledBackendKit

/// The kernels that this plugin brings, and the level of x86-64 they were compiled for.
enum Variant {
  static let name: StaticString = "x86-64-v3"
  static let level: Int32 = 3
  static func kernelsWork() -> Bool { CPUKernels.work() }
  static func makeBackend() -> any SwiftBackend { CPUKernels.makeBackend() }
}
