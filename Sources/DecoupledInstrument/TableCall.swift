import CDecoupled
import CFFI
import DecoupledCore
import Glibc

/// Nanoseconds of the monotonic clock.
func nanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// A call of a function of the table that was caught on its way.
struct TableCall {
  let slot: TableSlot
  /// Where each argument lies.
  let arguments: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  /// Where the result goes, as wide as a register.
  let result: UnsafeMutableRawPointer

  var signature: TableSignature { slot.signature }

  /// The argument at a place, in the type that backend.h gives it.
  func argument<Value>(_ place: Int, as _: Value.Type = Value.self) -> Value {
    arguments[place]!.load(as: Value.self)
  }

  /// What the function returned; 0 when it returns nothing.
  var status: Int32 {
    signature.result == .nothing ? 0 : Int32(truncatingIfNeeded: result.load(as: UInt64.self))
  }

  func setStatus(_ status: Int32) { result.storeBytes(of: Int64(status), as: Int64.self) }

  /// Calls the backend's function and says when it began and ended.
  func perform() -> CallSpan { perform(with: arguments) }

  /// As `perform`, with other arguments of the same types.
  func perform(with arguments: UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> CallSpan {
    let began = nanoseconds()
    ffi_call(slot.interface, slot.function, result, arguments)
    return CallSpan(began: began, ended: nanoseconds())
  }
}

struct CallSpan {
  let began, ended: UInt64
}
