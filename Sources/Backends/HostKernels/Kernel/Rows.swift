/// The operands of one run, fetched with a check against what was promised at creation.
import CDecoupled
import DecoupledBackendKit

/// A tensor as rows of `length` elements, `stride` elements apart.
struct Rows<Element> {
  let base: UnsafeMutablePointer<Element>
  let count: Int
  let length: Int
  let stride: Int

  @inline(__always) subscript(_ row: Int) -> UnsafeMutablePointer<Element> { base + row * stride }

  var isDense: Bool { stride == length || count == 1 }
}

extension KernelCall {
  func input<Element>(_ operand: Operand, _: Element.Type = Element.self) throws -> Rows<Element> {
    try KernelCall.rows(inputs, operand, "an input")
  }

  func output<Element>(_ operand: Operand, _: Element.Type = Element.self) throws -> Rows<Element> {
    try KernelCall.rows(outputs, operand, "an output")
  }

  func input<Element>(_ operand: Operand?, _: Element.Type = Element.self) throws -> Rows<Element>? {
    guard let operand else { return nil }
    let rows: Rows<Element> = try input(operand)
    return rows
  }

  func output<Element>(_ operand: Operand?, _: Element.Type = Element.self) throws -> Rows<Element>? {
    guard let operand else { return nil }
    let rows: Rows<Element> = try output(operand)
    return rows
  }

  /// An input whose rows are no batch, such as weights: all of them must be there.
  func parameter<Element>(_ operand: Operand, _: Element.Type = Element.self) throws -> Rows<Element> {
    let rows: Rows<Element> = try input(operand)
    try requireBatch(operand.rows, rows.count, layer: operand.layer)
    return rows
  }

  /// An output whose rows are no batch, such as a gradient of weights.
  func wholeOutput<Element>(_ operand: Operand, _: Element.Type = Element.self) throws -> Rows<Element> {
    let rows: Rows<Element> = try output(operand)
    try requireBatch(operand.rows, rows.count, layer: operand.layer)
    return rows
  }

  private static func rows<Element>(
    _ tensors: UnsafeBufferPointer<dcn_tensor>, _ operand: Operand, _ role: String
  ) throws -> Rows<Element> {
    func failure(_ why: String) -> BackendFailure {
      BackendFailure(status: Int32(DCN_STATUS_INVALID_ARGUMENT), "layer \(operand.layer): \(role) \(why)")
    }
    guard let place = operand.place, place < tensors.count else { throw failure("was not handed in") }
    let tensor = tensors[place]
    guard tensor.isPresent else { throw failure("has no memory") }
    guard tensor.element_type == operand.elementType, Int(tensor.rank) == operand.shape.count else {
      throw failure("differs in element type or rank from what the kernel was made for")
    }
    guard tensor.layout == operand.layout else {
      throw failure("is in layout \(tensor.layout) where the kernel was made for \(operand.layout)")
    }
    var length = 1
    for axis in 1..<max(1, operand.shape.count) {
      guard tensor.dimension(axis) == operand.shape[axis] else {
        throw failure("has shape \(tensor.shape) where the kernel was made for \(operand.shape)")
      }
      length *= operand.shape[axis]
    }
    let count = tensor.dimension(0)
    guard count >= 1, count <= operand.shape[0] else {
      throw failure("has \(count) rows where the kernel was made for at most \(operand.shape[0])")
    }
    guard tensor.hasDenseRows else { throw failure("has gaps within its rows") }
    return Rows(base: tensor.elements(), count: count, length: length, stride: count == 1 ? length : tensor.stride(0))
  }

  /// Checks that all `counts` are the batch of this run.
  func requireBatch(_ batch: Int, _ counts: Int..., layer: String) throws {
    for count in counts where count != batch {
      throw BackendFailure(
        status: Int32(DCN_STATUS_INVALID_ARGUMENT),
        "layer \(layer): operands have batches of \(batch) and \(count) rows")
    }
  }

  /// The whole map of rows to images, checked, or nil when each row is its own image.
  func rowMap(_ operand: Operand?, rows: Int, images: Int, layer: String) throws -> UnsafeMutablePointer<Int32>? {
    guard let operand else {
      try requireBatch(rows, images, layer: layer)
      return nil
    }
    let map: Rows<Int32> = try input(operand)
    try requireBatch(rows, map.count, layer: layer)
    for row in 0..<rows where map.base[row] < 0 || Int(map.base[row]) >= images {
      throw BackendFailure(
        status: Int32(DCN_STATUS_INVALID_ARGUMENT),
        "layer \(layer): row_to_image[\(row)] is \(map.base[row]), but there are \(images) images")
    }
    return map.base
  }
}

/// Rows cut into tasks of about 32768 elements: several short rows, or a piece of a long one.
struct RowTasks {
  static let target = 32768
  let rows: Int
  let length: Int
  let rowsPerTask: Int
  let piecesPerRow: Int

  init(rows: Int, length: Int, target: Int = RowTasks.target) {
    self.rows = rows
    self.length = length
    rowsPerTask = max(1, target / max(1, length))
    piecesPerRow = rowsPerTask > 1 ? 1 : (length + target - 1) / target
  }

  var count: Int { piecesPerRow > 1 ? rows * piecesPerRow : (rows + rowsPerTask - 1) / rowsPerTask }

  /// Calls `body(row, start, count)` for each part of task `index`.
  @inline(__always) func each(_ index: Int, _ body: (_ row: Int, _ start: Int, _ count: Int) -> Void) {
    if piecesPerRow > 1 {
      let piece = (length / piecesPerRow + 16) & ~15
      let start = min(length, index % piecesPerRow * piece)
      let end = index % piecesPerRow == piecesPerRow - 1 ? length : min(length, start + piece)
      if end > start { body(index / piecesPerRow, start, end - start) }
    } else {
      for row in index * rowsPerTask..<min(rows, (index + 1) * rowsPerTask) { body(row, 0, length) }
    }
  }
}

/// Rounds a count of floats up so that rows start on cache lines and do not share cache sets.
func paddedStep(_ count: Int) -> Int {
  let rounded = (count + 15) & ~15
  return rounded % 128 == 0 ? rounded + 16 : rounded
}
