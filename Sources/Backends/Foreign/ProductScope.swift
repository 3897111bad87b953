import CDecoupled
import CForeign
import DecoupledBackendKit

/// Which product the kernels call: `HostKernels` know one by name, and several manifests may be open in a process. It is
/// noted for each thread, and carried along to the lanes of the host.
struct ProductScope {
  let product: Unmanaged<ForeignProduct>
  private let host: UnsafePointer<dcn_host>

  /// The scope of the kernel that runs on this thread.
  static var current: ProductScope {
    dcn_foreign_current()!.assumingMemoryBound(to: ProductScope.self).pointee
  }

  /// Runs a kernel of HostKernels with a manifest's product.
  static func run(_ kernel: any SwiftKernel, _ call: KernelCall, _ product: ForeignProduct) throws {
    try withExtendedLifetime(product) {
      let scope = ProductScope(product: .passUnretained(product), host: call.host)
      var host = call.host.pointee
      host.parallel_for = parallelFor
      try withUnsafePointer(to: scope) { scope in
        try withUnsafePointer(to: host) { host in
          let before = dcn_foreign_current()
          dcn_foreign_set_current(scope)
          defer { dcn_foreign_set_current(before) }
          try call.with(host: host) { try kernel.run($0) }
        }
      }
    }
    if let failure = product.takeFailure() { throw BackendFailure(failure) }
  }

  private struct Work {
    let scope: UnsafeRawPointer
    let task: dcn_task
    let data: UnsafeMutableRawPointer?
  }

  /// The host's parallel_for, with the caller's scope on every lane.
  private static let parallelFor:
    @convention(c) (UnsafeMutableRawPointer?, Int64, dcn_task?, UnsafeMutableRawPointer?) -> Int32 = {
      session, count, task, data in
      guard let scope = dcn_foreign_current(), let task else { return Int32(DCN_STATUS_INVALID_ARGUMENT) }
      let work = Work(scope: scope, task: task, data: data)
      return withUnsafePointer(to: work) { work in
        ProductScope.current.host.pointee.parallel_for(
          session, count,
          { index, lane, work in
            let work = work!.assumingMemoryBound(to: Work.self).pointee
            let before = dcn_foreign_current()
            dcn_foreign_set_current(work.scope)
            work.task(index, lane, work.data)
            dcn_foreign_set_current(before)
          }, UnsafeMutableRawPointer(mutating: work))
      }
    }
}
