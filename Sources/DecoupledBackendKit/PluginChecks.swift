public import CDecoupled

/// What every plugin checks before it begins: nil, or the failure that it reports to the host.
public enum PluginChecks {
  /// For the entry point: whether host and plugin speak the same contract.
  public static func entry(
    _ plugin: String, host: UnsafePointer<dcn_host>?, version: UInt32
  ) -> BackendFailure? {
    let own = UInt32(DCN_BACKEND_CONTRACT_VERSION)
    guard version >= own else {
      return .unsupported(
        "the \(plugin) plugin speaks version \(own) of the backend contract, the host speaks version \(version): "
          + "install the plugin that was built with this libdecoupled")
    }
    guard let host, host.pointee.struct_size >= MemoryLayout<dcn_host>.size else {
      return .unsupported("the \(plugin) plugin was given no table of host services, or one that is too small")
    }
    return nil
  }

  /// For `create`: whether the device exists. Processors have one, number 0.
  public static func opening(_ plugin: String, device: Int32) -> BackendFailure? {
    guard device == 0 else {
      return BackendFailure(
        status: Int32(DCN_STATUS_INVALID_ARGUMENT),
        "\(plugin) has one device, number 0; device \(device) does not exist")
    }
    return nil
  }
}
