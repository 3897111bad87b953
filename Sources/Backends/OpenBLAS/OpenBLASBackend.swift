import DecoupledBackendKit

/// The operators on NCHW host memory with OpenBLAS' matrix product.
final class OpenBLASBackend: SwiftBackend {
  func supports(_ chain: Chain) -> Int { HostKernels.supports(chain) }
  func makeKernel(_ chain: Chain) throws -> any SwiftKernel { try HostKernels.makeKernel(chain) }
}
