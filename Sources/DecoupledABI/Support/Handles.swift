import DecoupledBase
import Synchronization

/// An object behind an opaque handle of the header.
protocol HandleObject: AnyObject, Sendable {
  /// What messages call it.
  static var noun: String { get }
}

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

/// Lets one call at a time use an object.
final class OneCaller: Sendable {
  private let busy = Atomic<Bool>(false)

  /// - Throws: `state` when another call is under way.
  func use<Result>(_ noun: String, _ body: () throws -> Result) throws -> Result {
    guard busy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else {
      throw EngineError(
        .state,
        "This \(noun) is in use by another call; a \(noun) belongs to one thread at a time, so make one for each.")
    }
    defer { busy.store(false, ordering: .releasing) }
    return try body()
  }
}

/// A C string that belongs to a handle.
final class OwnedText: @unchecked Sendable {
  let pointer: UnsafePointer<CChar>

  init(_ text: String) {
    let bytes = Array(text.utf8CString)
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    copy.initialize(from: bytes, count: bytes.count)
    pointer = UnsafePointer(copy)
  }

  deinit { pointer.deallocate() }
}

/// An array that belongs to a handle; its address is never NULL.
final class OwnedArray<Element: Sendable>: @unchecked Sendable {
  let pointer: UnsafePointer<Element>
  let count: Int

  init(_ values: [Element]) {
    let copy = UnsafeMutablePointer<Element>.allocate(capacity: max(1, values.count))
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { copy.initialize(from: base, count: source.count) }
    }
    pointer = UnsafePointer(copy)
    count = values.count
  }

  deinit { pointer.deallocate() }
}
