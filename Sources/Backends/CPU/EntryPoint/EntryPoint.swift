/// The one exported symbol of the plugin and the table behind it, compiled for the baseline processor. The kernels are
/// called only after the processor was found to have their instructions.
import CDecoupled
import CProcessor
import DecoupledBackendKit

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
    if let failure = PluginChecks.opening("cpu", device: device) {
      return failure.report(to: message, capacity)
    }
    guard isUsable else {
      return BackendFailure(
        status: Int32(DCN_STATUS_UNSUPPORTED),
        "this variant of cpu was compiled for a newer processor than this one"
      ).report(to: message, capacity)
    }
    return BackendTable.open(Variant.makeBackend(), into: result)
  })

/// Called by the host after loading the plugin; nil with a sentence when the two do not speak the same contract.
@_cdecl("dcn_backend_entry")
public func backendEntry(
  _ hostTable: UnsafePointer<dcn_host>?, _ hostVersion: UInt32, _ message: UnsafeMutablePointer<CChar>?, _ capacity: Int
) -> UnsafePointer<dcn_backend_table>? {
  if let failure = PluginChecks.entry("cpu", host: hostTable, version: hostVersion) {
    _ = failure.report(to: message, capacity)
    return nil
  }
  return table
}
