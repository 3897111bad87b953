/// Reads one node of a chain while a kernel is made: checks its operands, notes their places in the lists of `run`, and
/// words the refusals.
///
/// What every kernel here asks of a tensor: the layout it names (NCHW unless it says otherwise), and rows (index 0) that may
/// lie apart while the elements of a row follow each other without gaps. A slice along channels in NCHW, of activations or
/// of weights, has exactly that form.
import CDecoupled
import DecoupledBackendKit

/// An operand as promised at creation. `place` is its index in the run's inputs or outputs, nil for an internal one.
struct Operand {
  let shape: [Int]
  let elementType: Int32
  /// Order of the elements of a row; dims are N, C, H, W in each.
  let layout: Int32
  let place: Int?
  let layer: String

  /// Elements of one row.
  var rowLength: Int { shape.dropFirst().reduce(1, *) }
  /// Rows of the largest batch.
  var rows: Int { shape[0] }
  var elementCount: Int { shape.reduce(1, *) }
  /// Elements behind each of the first two indices: the size of a plane of [N, C, ...].
  var planeLength: Int { shape.dropFirst(2).reduce(1, *) }
}

struct NodeReader {
  let node: dcn_node
  private let firstInput: Int
  private let firstOutput: Int

  static func readers(of chain: Chain) -> [NodeReader] {
    var readers: [NodeReader] = []
    var inputs = 0
    var outputs = 0
    for node in chain {
      readers.append(NodeReader(node: node, firstInput: inputs, firstOutput: outputs))
      inputs += node.inputOperands.reduce(0) { $0 + ($1.isInternal ? 0 : 1) }
      outputs += node.outputOperands.reduce(0) { $0 + ($1.isInternal ? 0 : 1) }
    }
    return readers
  }

  var name: String { node.layerName }

  func refusal(_ why: String) -> BackendFailure {
    BackendFailure(status: Int32(DCN_STATUS_UNSUPPORTED), "layer \(name): \(why)")
  }

  func require(_ condition: Bool, _ why: String) throws {
    if !condition { throw refusal(why) }
  }

  func input(
    _ index: Int, rank: ClosedRange<Int> = 1...8, type: Int = Int(DCN_ELEMENT_F32), layout: Int = Int(DCN_LAYOUT_NCHW)
  ) throws -> Operand {
    guard let found = try optionalInput(index, rank: rank, type: type, layout: layout) else {
      throw refusal("input \(index) is missing")
    }
    return found
  }

  func optionalInput(
    _ index: Int, rank: ClosedRange<Int> = 1...8, type: Int = Int(DCN_ELEMENT_F32), layout: Int = Int(DCN_LAYOUT_NCHW)
  ) throws -> Operand? {
    try operand(node.inputOperands, index, firstInput, rank, type, layout, "input")
  }

  func output(
    _ index: Int, rank: ClosedRange<Int> = 1...8, type: Int = Int(DCN_ELEMENT_F32), layout: Int = Int(DCN_LAYOUT_NCHW)
  ) throws -> Operand {
    guard let found = try optionalOutput(index, rank: rank, type: type, layout: layout) else {
      throw refusal("output \(index) is missing")
    }
    return found
  }

  func optionalOutput(
    _ index: Int, rank: ClosedRange<Int> = 1...8, type: Int = Int(DCN_ELEMENT_F32), layout: Int = Int(DCN_LAYOUT_NCHW)
  ) throws -> Operand? {
    try operand(node.outputOperands, index, firstOutput, rank, type, layout, "output")
  }

  var inputCount: Int { Int(node.input_count) }

  /// The layout of the first input, for operators that go over dense rows whatever the order of their elements, as long as
  /// it is the same in all operands.
  var commonLayout: Int { node.inputOperands.first.map { Int($0.tensor.layout) } ?? Int(DCN_LAYOUT_NCHW) }

  private func operand(
    _ operands: UnsafeBufferPointer<dcn_operand>, _ index: Int, _ first: Int, _ rank: ClosedRange<Int>, _ type: Int,
    _ layout: Int, _ role: String
  ) throws -> Operand? {
    guard index < operands.count, !operands[index].isAbsent else { return nil }
    let operand = operands[index]
    let tensor = operand.tensor
    try require(
      Int(tensor.element_type) == type, "\(role) \(index) has an element type that is not computed with here")
    try require(Int(tensor.layout) == layout, "\(role) \(index) is in layout \(tensor.layout) instead of \(layout)")
    try require(rank.contains(Int(tensor.rank)), "\(role) \(index) has \(tensor.rank) dimensions")
    let shape = tensor.shape
    var count = 1
    for size in shape {
      try require(size > 0 && size < 1 << 31 && count < 1 << 40, "\(role) \(index) has an impossible shape \(shape)")
      count *= size
    }
    try require(operand.isInternal || tensor.hasDenseRows, "\(role) \(index) has gaps within its rows")
    var place = first
    for earlier in 0..<index where !operands[earlier].isInternal { place += 1 }
    return Operand(
      shape: shape, elementType: tensor.element_type, layout: tensor.layout, place: operand.isInternal ? nil : place,
      layer: name)
  }

  /// A list of `count` integers with a default for all of them.
  func list(_ attribute: String, count: Int, default value: Int) throws -> [Int] {
    guard let found = node.integers(attribute) else { return Array(repeating: value, count: count) }
    try require(found.count == count, "attribute \(attribute) has \(found.count) values instead of \(count)")
    try require(found.allSatisfy { abs($0) < 1 << 30 }, "attribute \(attribute) is out of range")
    return found
  }

  func requiredList(_ attribute: String, count: Int) throws -> [Int] {
    try require(node.integers(attribute) != nil, "attribute \(attribute) is missing")
    return try list(attribute, count: count, default: 0)
  }

  /// Into how many parts a convolution cuts its channels.
  func group() throws -> Int {
    let group = node.integer("group", default: 1)
    try require(group > 0, "group is \(group)")
    return group
  }

  func flag(_ attribute: String) -> Bool { node.integer(attribute, default: 0) != 0 }

  /// An axis attribute, counted from the end when negative.
  func axis(rank: Int, default value: Int? = 1) throws -> Int {
    guard var axis = node.integers("axis")?.first ?? value else { throw refusal("attribute axis is missing") }
    if axis < 0 { axis += rank }
    try require(axis >= 0 && axis < rank, "axis \(axis) is outside a tensor of \(rank) dimensions")
    return axis
  }

  /// The same for operators that have it where the attribute `mapped` says so, and nowhere else.
  func mappedRows(_ index: Int, rows: Int) throws -> Operand? {
    let map = try rowMap(index, rows: rows)
    try require((map != nil) == flag("mapped"), "row_to_image is not as attribute mapped says")
    return map
  }

  /// The int32 vector that maps rows to images, where it is given.
  func rowMap(_ index: Int, rows: Int) throws -> Operand? {
    guard let map = try optionalInput(index, rank: 1...1, type: Int(DCN_ELEMENT_I32)) else { return nil }
    try require(map.shape[0] == rows, "row_to_image has \(map.shape[0]) rows instead of \(rows)")
    return map
  }
}

extension dcn_tensor {
  /// Whether the elements of each row follow each other in the order of the layout, and rows do not overlap.
  var hasDenseRows: Bool {
    var expected = 1
    func follows(_ axis: Int) -> Bool {
      if dimension(axis) != 1 && stride(axis) != expected { return false }
      expected *= dimension(axis)
      return true
    }
    if Int(layout) == Int(DCN_LAYOUT_NHWC) {
      guard rank == 4, follows(1), follows(3), follows(2) else { return false }
    } else {
      for axis in Swift.stride(from: Int(rank) - 1, to: 0, by: -1) where !follows(axis) { return false }
    }
    return rank == 0 || dimension(0) == 1 || stride(0) == expected || (rank > 1 && stride(0) > expected)
  }
}
