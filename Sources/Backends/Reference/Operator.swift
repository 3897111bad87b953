import CDecoupled

/// An operator of `backend.h` with its attributes read.
protocol Operator {
  /// The element types its first input may have.
  static var elementTypes: Set<Int32> { get }
  /// The layouts its operands may have.
  static var layouts: Set<Int32> { get }

  init(_ attributes: Attributes) throws
  /// Throws one sentence when the shapes or element types of the operands do not fit.
  func check(_ operands: Operands) throws
  /// Runs on operands that have passed `check`.
  func run(_ operands: Operands) throws
}

extension Operator {
  static var layouts: Set<Int32> { [Int32(DCN_LAYOUT_NCHW)] }
}

/// A floating-point element. Arithmetic is done in Double and rounded once.
protocol Scalar: BinaryFloatingPoint {
  var double: Double { get }
}

extension Float: Scalar {
  var double: Double { Double(self) }
}

extension Double: Scalar {
  var double: Double { self }
}

/// An operator that computes with real numbers. Its indices, targets and seeds are integers.
protocol RealOperator: Operator {
  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws
}

extension RealOperator {
  static var elementTypes: Set<Int32> { [Int32(DCN_ELEMENT_F32), Int32(DCN_ELEMENT_F64)] }

  func run(_ operands: Operands) throws {
    switch Int(operands.elementType) {
    case Int(DCN_ELEMENT_F32): try run(operands, Float.self)
    case Int(DCN_ELEMENT_F64): try run(operands, Double.self)
    default: throw operands.failure("its first input must be float32 or float64")
    }
  }
}

/// An operator that only moves elements and so takes numbers of any kind.
protocol MovingOperator: Operator {
  func run<T>(_ operands: Operands, _: T.Type) throws
}

extension MovingOperator {
  static var elementTypes: Set<Int32> {
    [Int32(DCN_ELEMENT_F32), Int32(DCN_ELEMENT_F64), Int32(DCN_ELEMENT_I32), Int32(DCN_ELEMENT_I64)]
  }

  func run(_ operands: Operands) throws {
    switch Int(operands.elementType) {
    case Int(DCN_ELEMENT_F32), Int(DCN_ELEMENT_I32): try run(operands, UInt32.self)
    case Int(DCN_ELEMENT_F64), Int(DCN_ELEMENT_I64): try run(operands, UInt64.self)
    default: throw operands.failure("its first input must be float32, float64, int32 or int64")
    }
  }
}
