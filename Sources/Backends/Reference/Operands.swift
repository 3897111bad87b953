import CDecoupled
import DecoupledBackendKit

/// The operands of a node: without memory while a kernel is made, with it in a run. Absent ones are nil.
struct Operands {
  enum Place {
    case input(Int)
    case output(Int)
  }

  let layer: String
  private var inputs: [dcn_tensor?]
  private var outputs: [dcn_tensor?]
  private var call: KernelCall?

  init(planned node: dcn_node) {
    layer = node.layerName
    inputs = node.inputOperands.map { $0.isAbsent ? nil : $0.tensor }
    outputs = node.outputOperands.map { $0.isAbsent ? nil : $0.tensor }
  }

  /// The same operands with the memory of one call.
  func bound(to call: KernelCall) throws -> Operands {
    var result = self
    result.call = call
    result.inputs = try bind(call.inputs, inputs, "inputs")
    result.outputs = try bind(call.outputs, outputs, "outputs")
    return result
  }

  private func bind(
    _ tensors: UnsafeBufferPointer<dcn_tensor>, _ planned: [dcn_tensor?], _ role: String
  ) throws -> [dcn_tensor?] {
    if tensors.count != planned.count {
      throw failure("it was made for \(planned.count) \(role), but \(tensors.count) were handed in")
    }
    return try zip(tensors, planned).enumerated().map { index, pair in
      if pair.0.isPresent != (pair.1 != nil) {
        throw failure(
          "number \(index) of its \(role) is \(pair.0.isPresent ? "present" : "absent"), unlike in its plan")
      }
      return pair.0.isPresent ? pair.0 : nil
    }
  }

  func failure(_ sentence: String) -> BackendFailure {
    BackendFailure(status: Int32(DCN_STATUS_INVALID_ARGUMENT), "layer \(layer): \(sentence)")
  }

  func require(_ condition: Bool, _ sentence: @autoclosure () -> String) throws {
    if !condition { throw failure(sentence()) }
  }

  // MARK: - Shapes

  var inputCount: Int { inputs.count }

  /// Type of the first input, which all operands of floating point share.
  var elementType: Int32 { inputs.first??.element_type ?? 0 }

  func has(_ place: Place) -> Bool { tensor(place) != nil }

  private func tensor(_ place: Place) -> dcn_tensor? {
    switch place {
    case .input(let index): index < inputs.count ? inputs[index] : nil
    case .output(let index): index < outputs.count ? outputs[index] : nil
    }
  }

  /// Checks what holds for every operator: the number of operands and sane shapes.
  func checkOperands(of type: any Operator.Type, _ signature: OperatorSignature) throws {
    try require(
      signature.takes(inputs: inputs.count, outputs: outputs.count),
      "it has \(inputs.count) inputs and \(outputs.count) outputs, which its operator does not take")
    try require(
      type.elementTypes.contains(elementType), "the reference backend does not run it on element type \(elementType)")
    for tensor in inputs + outputs {
      guard let tensor else { continue }
      try require(
        1...Int32(DCN_MAXIMUM_RANK) ~= tensor.rank, "an operand has rank \(tensor.rank), not 1 to \(DCN_MAXIMUM_RANK)")
      try require(
        tensor.shape.allSatisfy { 0...Int(Int32.max) ~= $0 }, "an operand has the impossible shape \(tensor.shape)")
      try require(
        type.layouts.contains(tensor.layout), "the reference backend does not run it on layout \(tensor.layout)")
    }
  }

  /// Shape of a required operand, whose type is that of the first input unless said otherwise.
  func shape(_ place: Place, _ name: String, rank: Int? = nil, type: Int? = nil) throws -> [Int] {
    guard let tensor = tensor(place) else { throw failure("\(name) is missing") }
    let expected = type.map { Int32($0) } ?? elementType
    try require(
      tensor.element_type == expected, "\(name) has element type \(tensor.element_type), not \(expected)")
    if let rank { try require(Int(tensor.rank) == rank, "\(name) has rank \(tensor.rank), not \(rank)") }
    return tensor.shape
  }

  /// Fails unless the operand has this shape.
  func expect(_ place: Place, _ name: String, _ shape: [Int], type: Int? = nil) throws {
    let found = try self.shape(place, name, type: type)
    try require(found == shape, "\(name) has shape \(found), not \(shape)")
  }

  /// Like `expect`, but the operand may be absent.
  func expectOptional(_ place: Place, _ name: String, _ shape: [Int], type: Int? = nil) throws {
    if has(place) { try expect(place, name, shape, type: type) }
  }

  /// Checks an operand marked (per image): with row_to_image its batch is the number of images.
  func expectPerImage(
    _ place: Place, _ name: String, _ shape: [Int], rowToImage: Place, type: Int? = nil
  ) throws {
    guard has(rowToImage) else { return try expect(place, name, shape, type: type) }
    try expect(rowToImage, "row_to_image", [shape[0]], type: Int(DCN_ELEMENT_I32))
    let found = try self.shape(place, name, type: type)
    try require(
      found.count == shape.count && found.dropFirst() == shape.dropFirst(),
      "\(name) has shape \(found), which but for its batch should be \(shape)")
  }

  /// Checks that row_to_image is there where the attribute `mapped` says so, and nowhere else.
  func requireMap(_ place: Place, isMapped: Bool) throws {
    try require(
      has(place) == isMapped, isMapped ? "row_to_image is missing" : "row_to_image is given, yet mapped is 0")
  }

  // MARK: - Memory

  /// The elements of an operand that `check` has found to be present.
  func view<T>(_ place: Place, as _: T.Type = T.self) throws -> View<T> {
    guard let found = tensor(place), found.isPresent else { throw failure("an operand has no memory") }
    return View(
      found.elements(), dims: found.shape, strides: (0..<Int(found.rank)).map { found.stride($0) })
  }

  func optionalView<T>(_ place: Place, as _: T.Type = T.self) throws -> View<T>? {
    has(place) ? try view(place) : nil
  }

  /// The rows of an operand marked (per image): with row_to_image, row r is image row_to_image[r].
  func rows<T>(_ place: Place, by rowToImage: Place, as _: T.Type = T.self) throws -> View<T> {
    let images: View<T> = try view(place)
    guard let map: View<Int32> = try optionalView(rowToImage) else { return images }
    let indices = map.values.map { Int($0) }
    for index in indices where !(0..<images.dims[0] ~= index) {
      throw failure("a row asks for image \(index), but there are \(images.dims[0])")
    }
    return images.gathering(indices)
  }

  // MARK: - Threads

  /// Runs `body` for each index below `count` on the host's threads.
  func parallelFor(_ count: Int, _ body: (Int) -> Void) throws {
    guard let call else { throw failure("it was run without a call") }
    try call.parallelFor(count) { index, _ in body(index) }
  }

  /// Like `parallelFor` for work that can fail: throws the failure of the lowest index.
  func parallelFor(checked count: Int, _ body: (Int) throws -> Void) throws {
    let failures = UnsafeMutableBufferPointer<(any Error)?>.allocate(capacity: count)
    failures.initialize(repeating: nil)
    defer {
      failures.deinitialize()
      failures.deallocate()
    }
    try parallelFor(count) { index in
      do { try body(index) } catch { failures[index] = error }
    }
    if let failure = failures.lazy.compactMap({ $0 }).first { throw failure }
  }

  /// Cuts `lines` of `length` elements into tasks that are worth a thread, by shape only.
  func parallelFor(lines: Int, length: Int, _ body: (Int) -> Void) throws {
    let block = max(1, 16384 / max(1, length))
    try parallelFor((lines + block - 1) / block) { task in
      for line in task * block..<min(lines, (task + 1) * block) { body(line) }
    }
  }
}
