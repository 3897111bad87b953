import COpenBLAS
import DecoupledBackendKit
import Synchronization

/// The operators on NCHW host memory with OpenBLAS' matrix product.
final class OpenBLASBackend: SwiftBackend {
  init() { ThreadCount.hold() }
  deinit { ThreadCount.release() }

  func supports(_ chain: Chain) -> Int { HostKernels.supports(chain) }
  func makeKernel(_ chain: Chain) throws -> any SwiftKernel { try HostKernels.makeKernel(chain) }
}

/// OpenBLAS keeps one thread count for the whole process. The host owns the threads here, so the count is one while a
/// backend is open: every product then runs on the lane that asked for it. The last one to close gives back what it was.
private enum ThreadCount {
  private static let state = Mutex((open: 0, before: Int32(1)))

  static func hold() {
    state.withLock { state in
      if state.open == 0 {
        state.before = openblas_get_num_threads()
        openblas_set_num_threads(1)
      }
      state.open += 1
    }
  }

  static func release() {
    state.withLock { state in
      state.open -= 1
      if state.open == 0 { openblas_set_num_threads(state.before) }
    }
  }
}
