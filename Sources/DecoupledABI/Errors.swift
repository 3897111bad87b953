public import CDecoupled
import DecoupledBase
import DecoupledCore

private let versionText = StaticText("0.1.0")

@c @implementation public func dcn_version() -> Int32 {
  Int32(DCN_VERSION_MAJOR * 10000 + DCN_VERSION_MINOR * 100 + DCN_VERSION_PATCH)
}

@c @implementation public func dcn_version_string() -> UnsafePointer<CChar> { versionText.pointer }

@c @implementation public func dcn_status_name(_ status: Int32) -> UnsafePointer<CChar> {
  let name: StaticString =
    switch Int(status) {
    case DCN_STATUS_OK: "DCN_STATUS_OK"
    case DCN_STATUS_INVALID_ARGUMENT: "DCN_STATUS_INVALID_ARGUMENT"
    case DCN_STATUS_NOT_FOUND: "DCN_STATUS_NOT_FOUND"
    case DCN_STATUS_IO: "DCN_STATUS_IO"
    case DCN_STATUS_FORMAT: "DCN_STATUS_FORMAT"
    case DCN_STATUS_UNSUPPORTED: "DCN_STATUS_UNSUPPORTED"
    case DCN_STATUS_OUT_OF_MEMORY: "DCN_STATUS_OUT_OF_MEMORY"
    case DCN_STATUS_CANCELLED: "DCN_STATUS_CANCELLED"
    case DCN_STATUS_BACKEND: "DCN_STATUS_BACKEND"
    case DCN_STATUS_STATE: "DCN_STATUS_STATE"
    case DCN_STATUS_NUMERIC: "DCN_STATUS_NUMERIC"
    case DCN_STATUS_INTERNAL: "DCN_STATUS_INTERNAL"
    default: "unknown status"
    }
  return StaticText(name).pointer
}

@c @implementation public func dcn_last_error() -> UnsafePointer<CChar> { LastError.text }

/// What the caller wants to be told with; it says itself that any thread may use it.
private struct LogReceiver: @unchecked Sendable {
  let callback: dcn_log_callback
  let userData: UnsafeMutableRawPointer?
}

@c @implementation public func dcn_set_log_callback(
  _ callback: dcn_log_callback?, _ user_data: UnsafeMutableRawPointer?
) {
  guard let callback else { return Log.setHandler(nil) }
  let receiver = LogReceiver(callback: callback, userData: user_data)
  Log.setHandler { level, message in
    message.withCString { receiver.callback(level.rawValue, $0, receiver.userData) }
  }
}

@c @implementation public func dcn_thread_count(_ requested: Int32) -> Int32 {
  Int32(ThreadCount.resolve(Int(requested)))
}
