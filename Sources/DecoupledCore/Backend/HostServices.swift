import CDecoupled
import DecoupledBase

/// The table that the host hands to every backend.
package enum HostServices {
  /// Lives until the process ends: backends keep the pointer.
  package nonisolated(unsafe) static let table: UnsafePointer<dcn_host> = {
    var host = dcn_host()
    host.struct_size = UInt32(MemoryLayout<dcn_host>.size)
    host.contract_version = UInt32(DCN_BACKEND_CONTRACT_VERSION)
    host.log = { level, message in
      guard let message else { return }
      Log.write(LogLevel(rawValue: level) ?? .info, String(cString: message))
    }
    host.parallel_for = { session, count, task, data in
      guard let session, let task else { return Int32(DCN_STATUS_INVALID_ARGUMENT) }
      let control = Unmanaged<RunControl>.fromOpaque(session).takeUnretainedValue()
      let complete = control.pool.run(count: count, task: task, data: data, stop: { control.isCancelled })
      return Int32(complete ? DCN_STATUS_OK : DCN_STATUS_CANCELLED)
    }
    host.cancelled = { session in
      guard let session else { return 0 }
      return Unmanaged<RunControl>.fromOpaque(session).takeUnretainedValue().isCancelled ? 1 : 0
    }
    let pointer = UnsafeMutablePointer<dcn_host>.allocate(capacity: 1)
    pointer.initialize(to: host)
    return UnsafePointer(pointer)
  }()
}
