import CDecoupled
import DecoupledBackendKit

/// The operators that a manifest names functions for; with a product, also all others on NCHW memory through it.
final class ForeignBackend: SwiftBackend {
  private let manifest: Manifest

  /// Prepares the library and tries its product.
  /// - Throws: `ManifestError`.
  init(_ manifest: Manifest) throws {
    self.manifest = manifest
    manifest.setups.forEach { $0.hold() }
    do { try manifest.product?.test() } catch {
      manifest.setups.forEach { $0.release() }
      throw (error as? ManifestError)?.of(manifest.path) ?? error
    }
  }

  deinit { manifest.setups.forEach { $0.release() } }

  private func entry(for node: dcn_node) -> OperatorEntry? { manifest.operators.first { $0.computes(node) } }

  func supports(_ chain: Chain) -> Int {
    guard let first = chain.first else { return 0 }
    if entry(for: first) != nil { return 1 }
    guard manifest.product != nil else { return 0 }
    // A node that has a function of its own is not fused into the kernel before it.
    let own = chain.indices.dropFirst().first { entry(for: chain[$0]) != nil } ?? chain.count
    return HostKernels.supports(Chain(rebasing: chain[..<own]))
  }

  func makeKernel(_ chain: Chain) throws -> any SwiftKernel {
    if chain.count == 1, let entry = entry(for: chain[0]) { return ForeignOperator(entry, chain[0]) }
    guard let product = manifest.product else {
      throw BackendFailure(
        status: Int32(DCN_STATUS_UNSUPPORTED), "layer \(chain[0].layerName): the manifest has no function for it")
    }
    return ProductKernel(try HostKernels.makeKernel(chain), product)
  }
}

/// A kernel of HostKernels with a manifest's product.
private final class ProductKernel: SwiftKernel {
  private let kernel: any SwiftKernel
  private let product: ForeignProduct

  init(_ kernel: any SwiftKernel, _ product: ForeignProduct) {
    self.kernel = kernel
    self.product = product
  }

  var workspaceSize: Int { kernel.workspaceSize }
  var laneWorkspaceSize: Int { kernel.laneWorkspaceSize }
  func packedForm(input: Int) -> UInt64 { kernel.packedForm(input: input) }
  func run(_ call: KernelCall) throws { try ProductScope.run(kernel, call, product) }
}
