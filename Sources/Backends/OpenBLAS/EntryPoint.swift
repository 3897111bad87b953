/// The one exported symbol of the plugin and the table behind it.
import CDecoupled
import DecoupledBackendKit

private nonisolated(unsafe) let table = BackendTable.make(
  name: "openblas", variant: "", version: "0.1.0",
  score: { 10 },
  create: { device, result, message, capacity in
    if let failure = PluginChecks.opening("openblas", device: device) {
      return failure.report(to: message, capacity)
    }
    return BackendTable.open(OpenBLASBackend(), into: result)
  })

/// Called by the host after loading the plugin; nil with a sentence when the two do not speak the same contract.
@_cdecl("dcn_backend_entry")
public func backendEntry(
  _ hostTable: UnsafePointer<dcn_host>?, _ hostVersion: UInt32, _ message: UnsafeMutablePointer<CChar>?, _ capacity: Int
) -> UnsafePointer<dcn_backend_table>? {
  if let failure = PluginChecks.entry("openblas", host: hostTable, version: hostVersion) {
    _ = failure.report(to: message, capacity)
    return nil
  }
  return table
}
