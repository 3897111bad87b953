public import CDecoupled

/// Why a backend function failed: a status code of `backend.h` and one sentence for the user.
public struct BackendFailure: Error, CustomStringConvertible {
  public var status: Int32
  public var message: String

  public init(status: Int32 = Int32(DCN_STATUS_BACKEND), _ message: String) {
    self.status = status
    self.message = message
  }

  public var description: String { message }

  /// Stops a run that the user cancelled.
  public static let cancelled = BackendFailure(status: Int32(DCN_STATUS_CANCELLED), "cancelled")

  static func unsupported(_ message: String) -> BackendFailure {
    BackendFailure(status: Int32(DCN_STATUS_UNSUPPORTED), message)
  }

  /// Copies the message, cut to `capacity` bytes with its terminating zero, and returns the status.
  public func report(to message: UnsafeMutablePointer<CChar>?, _ capacity: Int) -> Int32 {
    guard let message, capacity > 0 else { return status }
    var count = 0
    for byte in self.message.utf8.prefix(capacity - 1) {
      message[count] = CChar(bitPattern: byte)
      count += 1
    }
    message[count] = 0
    return status
  }
}
