/// The backend of this plugin: kernels on NHWC memory where there is one, else those on NCHW that all plugins share.
import CDecoupled
import DecoupledBackendKit

/// What the plugin around these kernels calls.
public enum CPUKernels {
  public static func makeBackend() -> any SwiftBackend { CPUBackend() }

  /// Whether the kernels compute what they should on this processor. Takes about a millisecond.
  public static func work() -> Bool { SelfTest.passes() }
}

final class CPUBackend: SwiftBackend {
  func supports(_ chain: Chain) -> Int {
    let count = ChannelsLastKernels.supports(chain)
    return count > 0 ? count : HostKernels.supports(chain)
  }

  func makeKernel(_ chain: Chain) throws -> any SwiftKernel {
    try ChannelsLastKernels.makeKernel(chain) ?? HostKernels.makeKernel(chain)
  }

  /// Vectors run over channels in NHWC: worth it with at least eight of them, and planes that are more than a few pixels.
  func preferredLayout(_ value: dcn_tensor) -> Int32 {
    let vectorised = value.rank == 4 && value.dimension(1) >= 8 && value.dimension(2) * value.dimension(3) >= 36
    let known = value.element_type == Int32(DCN_ELEMENT_F32) || value.element_type == Int32(DCN_ELEMENT_I32)
    return Int32(vectorised && known ? Int(DCN_LAYOUT_NHWC) : Int(DCN_LAYOUT_NCHW))
  }

  func pack(_ tensor: dcn_tensor, form: UInt64, _ call: KernelCall) throws -> any PackedConstant {
    try PackedForm.pack(tensor, form: form, call)
  }
}
