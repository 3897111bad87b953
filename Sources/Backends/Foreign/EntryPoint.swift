/// The one exported symbol of the plugin and the table behind it.
import CDecoupled
import DecoupledBackendKit

private nonisolated(unsafe) let table = BackendTable.make(
  name: "foreign", variant: "", version: "0.1.0",
  // Only used when asked for: without a manifest it does nothing.
  score: { 1 },
  create: { device, result, message, capacity in open(device, nil, result, message, capacity) },
  createConfigured: { device, configuration, result, message, capacity in
    open(device, configuration.map { String(cString: $0) }, result, message, capacity)
  })

private func open(
  _ device: Int32, _ configuration: String?, _ result: UnsafeMutablePointer<OpaquePointer?>?,
  _ message: UnsafeMutablePointer<CChar>?, _ capacity: Int
) -> Int32 {
  if let failure = PluginChecks.opening("foreign", device: device) {
    return failure.report(to: message, capacity)
  }
  do {
    return BackendTable.open(try ForeignBackend(ManifestSearch.open(configuration)), into: result)
  } catch {
    let sentence = (error as? ManifestError)?.message ?? "\(error)"
    return BackendFailure(sentence).report(to: message, capacity)
  }
}

/// Called by the host after loading the plugin; nil with a sentence when the two do not speak the same contract.
@_cdecl("dcn_backend_entry")
public func backendEntry(
  _ hostTable: UnsafePointer<dcn_host>?, _ hostVersion: UInt32, _ message: UnsafeMutablePointer<CChar>?, _ capacity: Int
) -> UnsafePointer<dcn_backend_table>? {
  if let failure = PluginChecks.entry("foreign", host: hostTable, version: hostVersion) {
    _ = failure.report(to: message, capacity)
    return nil
  }
  return table
}
