import CFFI

/// What one parameter of a foreign function is filled with.
enum ForeignArgument {
  /// A whole number, the bits of a Double for a real parameter, or 0 for NULL.
  case constant(UInt64)
  /// A value of the call, by number.
  case value(Int)
  /// One of two constants, by whether a value of the call is 0.
  case choice(Int, zero: UInt64, other: UInt64)
}

/// A function of a foreign library, ready to be called through libffi.
///
/// Values of a call are 64 bits each: whole numbers and addresses as they are, real numbers as Double. A whole number or a
/// real one for a pointer parameter is handed over by reference; its cell is 8 bytes wide whatever the type, so that a
/// library whose integers are wider than declared still reads the right number.
final class ForeignFunction: @unchecked Sendable {
  let declaration: CDeclaration
  private let code: @convention(c) () -> Void
  private let arguments: UnsafeMutableBufferPointer<Prepared>
  private let types: UnsafeMutablePointer<UnsafeMutablePointer<ffi_type>?>
  private let interface: UnsafeMutablePointer<ffi_cif>

  private struct Prepared {
    var argument: ForeignArgument
    var isFloat: Bool
    var isReference: Bool
  }

  /// - Throws: `ManifestError` when libffi cannot make the call.
  init(
    _ declaration: CDeclaration, _ code: UnsafeMutableRawPointer, _ arguments: [ForeignArgument], byReference: Set<Int>
  )
    throws
  {
    self.declaration = declaration
    self.code = unsafeBitCast(code, to: (@convention(c) () -> Void).self)
    let count = arguments.count
    self.arguments = .allocate(capacity: count)
    types = .allocate(capacity: max(1, count))
    types.initialize(repeating: nil, count: max(1, count))
    for (place, (argument, parameter)) in zip(arguments, declaration.parameters).enumerated() {
      self.arguments.initializeElement(
        at: place,
        to: Prepared(
          argument: argument,
          isFloat: parameter.type.base == .float && (byReference.contains(place) || !parameter.type.isPointer),
          isReference: byReference.contains(place)))
      types[place] = Self.foreignType(parameter.type)
    }
    interface = .allocate(capacity: 1)
    interface.initialize(to: ffi_cif())
    guard
      ffi_prep_cif(interface, FFI_DEFAULT_ABI, UInt32(count), Self.foreignType(declaration.result), types) == FFI_OK
    else { throw ManifestError("the function '\(declaration.name)' cannot be called through libffi") }
  }

  deinit {
    arguments.deallocate()
    types.deallocate()
    interface.deallocate()
  }

  private static func foreignType(_ type: CDeclaration.CType) -> UnsafeMutablePointer<ffi_type> {
    if type.isPointer { return dcn_ffi_pointer() }
    switch type.base {
    case .void: return dcn_ffi_void()
    case .char: return dcn_ffi_sint8()
    case .int32: return dcn_ffi_sint32()
    case .int64: return dcn_ffi_sint64()
    case .uint64: return dcn_ffi_uint64()
    case .float: return dcn_ffi_float()
    case .double: return dcn_ffi_double()
    }
  }

  /// Calls the function on this thread and returns what it returned, 0 for nothing.
  @discardableResult
  func call(_ values: UnsafePointer<UInt64>) -> Int {
    let count = arguments.count
    return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 3 * count + 1) { memory in
      // A cell for each argument, one for what it may point to, and the list of addresses.
      let cells = memory.baseAddress!
      let addresses = UnsafeMutableRawPointer(cells + 2 * count).assumingMemoryBound(
        to: UnsafeMutableRawPointer?.self)
      for place in 0..<count {
        let prepared = arguments[place]
        var bits: UInt64 =
          switch prepared.argument {
          case .constant(let bits): bits
          case .value(let number): values[number]
          case .choice(let number, let zero, let other): values[number] == 0 ? zero : other
          }
        if prepared.isFloat { bits = UInt64(Float(Double(bitPattern: bits)).bitPattern) }
        if prepared.isReference {
          cells[count + place] = bits
          bits = UInt64(UInt(bitPattern: cells + (count + place)))
        }
        cells[place] = bits
        addresses[place] = UnsafeMutableRawPointer(cells + place)
      }
      let result = cells + 3 * count
      result.initialize(to: 0)
      ffi_call(interface, code, result, addresses)
      return declaration.result.base.isInteger ? resultValue(result.pointee) : 0
    }
  }

  /// libffi widens results to a register.
  private func resultValue(_ bits: UInt64) -> Int {
    switch declaration.result.base {
    case .char: Int(Int8(truncatingIfNeeded: bits))
    case .int32: Int(Int32(truncatingIfNeeded: bits))
    default: Int(truncatingIfNeeded: bits)
    }
  }
}
