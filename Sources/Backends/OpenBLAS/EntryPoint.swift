/// The one exported symbol of the plugin and the table behind it.
import CDecoupled
import DecoupledBackendKit

/// Services of the host. Written once by the entry point, before the host can call anything else.
private nonisolated(unsafe) var host: UnsafePointer<dcn_host>?

private nonisolated(unsafe) let table = BackendTable.make(
  name: "openblas", variant: "", version: "0.1.0",
  score: { 10 },
  create: { device, result, message, capacity in
    guard let host else {
      write("openblas was opened before its entry point was called", to: message, capacity)
      return Int32(DCN_STATUS_STATE)
    }
    guard device == 0 else {
      write("openblas has one device, number 0; device \(device) does not exist", to: message, capacity)
      return Int32(DCN_STATUS_INVALID_ARGUMENT)
    }
    return BackendTable.open(OpenBLASBackend(), host: host, into: result)
  })

/// Called by the host after loading the plugin; nil with a sentence when the two do not speak the same contract.
@_cdecl("dcn_backend_entry")
public func backendEntry(
  _ hostTable: UnsafePointer<dcn_host>?, _ hostVersion: UInt32, _ message: UnsafeMutablePointer<CChar>?, _ capacity: Int
) -> UnsafePointer<dcn_backend_table>? {
  let own = UInt32(DCN_BACKEND_CONTRACT_VERSION)
  guard hostVersion == own else {
    write(
      "the openblas plugin speaks version \(own) of the backend contract, the host speaks version \(hostVersion): "
        + "install the plugin that was built with this libdecoupled", to: message, capacity)
    return nil
  }
  guard let hostTable, hostTable.pointee.struct_size >= MemoryLayout<dcn_host>.size else {
    write("the openblas plugin was given no table of host services, or one that is too small", to: message, capacity)
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
