/// The one exported symbol of the plugin and the table behind it, compiled for the baseline processor. The kernels are
/// called only after the processor was found to have their instructions.
import CDecoupled
import CProcessor
import DecoupledBackendKit

/// Services of the host. Written once by the entry point, before the host can call anything else.
private nonisolated(unsafe) var host: UnsafePointer<dcn_host>?

/// Whether this processor runs the kernels and they compute what they should. Elsewhere than on x86-64 (level 0) the
/// kernels were compiled for the baseline, and one plugin is enough.
private let isUsable: Bool = {
  let level = dcn_processor_x86_level()
  guard level == 0 ? Variant.level == 3 : level >= Variant.level else { return false }
  return Variant.kernelsWork()
}()

private nonisolated(unsafe) let table = BackendTable.make(
  name: "cpu", variant: Variant.name, version: "0.1.0",
  score: { isUsable ? 20 + Variant.level : 0 },
  create: { device, result, message, capacity in
    guard let host else {
      write("cpu was opened before its entry point was called", to: message, capacity)
      return Int32(DCN_STATUS_STATE)
    }
    guard device == 0 else {
      write("cpu has one device, number 0; device \(device) does not exist", to: message, capacity)
      return Int32(DCN_STATUS_INVALID_ARGUMENT)
    }
    guard isUsable else {
      write("this variant of cpu was compiled for a newer processor than this one", to: message, capacity)
      return Int32(DCN_STATUS_UNSUPPORTED)
    }
    return BackendTable.open(Variant.makeBackend(), host: host, into: result)
  })

/// Called by the host after loading the plugin; nil with a sentence when the two do not speak the same contract.
@_cdecl("dcn_backend_entry")
public func backendEntry(
  _ hostTable: UnsafePointer<dcn_host>?, _ hostVersion: UInt32, _ message: UnsafeMutablePointer<CChar>?, _ capacity: Int
) -> UnsafePointer<dcn_backend_table>? {
  let own = UInt32(DCN_BACKEND_CONTRACT_VERSION)
  guard hostVersion == own else {
    write(
      "the cpu plugin speaks version \(own) of the backend contract, the host speaks version \(hostVersion): "
        + "install the plugin that was built with this libdecoupled", to: message, capacity)
    return nil
  }
  guard let hostTable, hostTable.pointee.struct_size >= MemoryLayout<dcn_host>.size else {
    write("the cpu plugin was given no table of host services, or one that is too small", to: message, capacity)
    return nil
  }
  host = hostTable
  return table
}

private func write(_ sentence: String, to message: UnsafeMutablePointer<CChar>?, _ capacity: Int) {
  guard let message, capacity > 0 else { return }
  var count = 0
  for byte in sentence.utf8.prefix(capacity - 1) {
    message[count] = CChar(bitPattern: byte)
    count += 1
  }
  message[count] = 0
}
