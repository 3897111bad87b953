import DecoupledBase
import Synchronization

/// Gives out handles and finds the objects behind them.
///
/// A handle is a number that is never used twice, dressed as a pointer: one that was freed, belongs to another kind or never
/// came from here is recognised instead of being followed.
enum Handles {
  private struct Table {
    var objects: [UInt: any HandleObject] = [:]
    var next: UInt = 0x100
  }

  private static let table = Mutex(Table())

  static func issue(_ object: any HandleObject) throws -> OpaquePointer {
    let number = table.withLock { table in
      let number = table.next
      table.next += 16
      table.objects[number] = object
      return number
    }
    guard let handle = OpaquePointer(bitPattern: number) else {
      throw EngineError(.internal, "No handle could be made.")
    }
    return handle
  }

  static func find<Object: HandleObject>(_ handle: OpaquePointer, _: Object.Type = Object.self) throws -> Object {
    let number = UInt(bitPattern: handle)
    guard number != 0 else { throw EngineError(.invalidArgument, "The \(Object.noun) must not be NULL.") }
    guard let object = table.withLock({ $0.objects[number] }) else {
      throw EngineError(.invalidArgument, "This \(Object.noun) has been freed or was never made by this library.")
    }
    guard let wanted = object as? Object else {
      throw EngineError(.invalidArgument, "A \(Object.noun) is needed, but the handle is a \(type(of: object).noun).")
    }
    return wanted
  }

  static func findOptional<Object: HandleObject>(_ handle: OpaquePointer?, _: Object.Type) throws -> Object? {
    guard let handle else { return nil }
    return try find(handle, Object.self)
  }

  /// Forgets a handle; one that is unknown or of another kind is left alone.
  static func free<Object: HandleObject>(_ handle: OpaquePointer?, _: Object.Type) {
    guard let handle else { return }
    // The object goes outside the lock: its own release may take time.
    let object = table.withLock { table -> (any HandleObject)? in
      let number = UInt(bitPattern: handle)
      guard table.objects[number] is Object else { return nil }
      return table.objects.removeValue(forKey: number)
    }
    withExtendedLifetime(object) {}
  }
}
