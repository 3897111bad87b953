import CPUKernelsV4
import DecoupledBackendKit

/// The kernels that this plugin brings, and the level of x86-64 they were compiled for.
enum Variant {
  static let name: StaticString = "x86-64-v4"
  static let level: Int32 = 4
  static func kernelsWork() -> Bool { CPUKernels.work() }
  static func makeBackend() -> any SwiftBackend { CPUKernels.makeBackend() }
}
