import CDecoupled
import DecoupledBackendKit

/// One node computed by a function of a manifest.
final class ForeignOperator: SwiftKernel {
  private let entry: OperatorEntry
  private let layer: String
  /// Values that do not change from call to call, 0 elsewhere.
  private let fixed: [UInt64]

  /// - Parameter node: one that the entry computes.
  init(_ entry: OperatorEntry, _ node: dcn_node) {
    self.entry = entry
    layer = node.layerName
    fixed = entry.values.enumerated().map { number, value in
      guard case .attribute(let name, let index) = value, let numbers = node.numbers(name) else { return 0 }
      return entry.reals.contains(number) ? numbers[index].bitPattern : UInt64(bitPattern: Int64(numbers[index]))
    }
  }

  func run(_ call: KernelCall) throws {
    guard entry.isCutIntoRows, let rows = call.outputs.first.map({ $0.dimension(0) }) else {
      return try check(compute(call, row: nil))
    }
    // Each row leaves its own result, so that the first failure is the same on any number of threads.
    let results = UnsafeMutableBufferPointer<Int>.allocate(capacity: rows)
    results.initialize(repeating: entry.success ?? 0)
    defer { results.deallocate() }
    try call.parallelFor(rows) { row, _ in results[row] = compute(call, row: row) }
    for result in results { try check(result) }
  }

  private func check(_ result: Int) throws {
    guard let success = entry.success, result != success else { return }
    throw BackendFailure(
      "layer \(layer): '\(entry.function.declaration.name)' returned \(result) instead of \(success)")
  }

  /// Calls the function for all rows, or for one.
  private func compute(_ call: KernelCall, row: Int?) -> Int {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: max(1, fixed.count)) { values in
      for (number, value) in entry.values.enumerated() {
        var bits = fixed[number]
        switch value {
        case .memory(let isOutput, let place):
          let tensor = isOutput ? call.outputs[place] : call.inputs[place]
          let offset = (row ?? 0) * tensor.stride(0) * Self.byteCount(tensor)
          bits = UInt64(UInt(bitPattern: tensor.buffer! + (Int(tensor.byte_offset) + offset)))
        case .elements(let isOutput, let place):
          let tensor = isOutput ? call.outputs[place] : call.inputs[place]
          bits = UInt64(row == nil ? tensor.elementCount : tensor.elementCount / tensor.dimension(0))
        case .dimension(let isOutput, let place, let axis):
          let tensor = isOutput ? call.outputs[place] : call.inputs[place]
          bits = row != nil && axis == 0 ? 1 : UInt64(tensor.dimension(axis))
        case .attribute: break
        }
        values.initializeElement(at: number, to: bits)
      }
      return entry.function.call(values.baseAddress!)
    }
  }

  private static func byteCount(_ tensor: dcn_tensor) -> Int {
    [Int32(DCN_ELEMENT_F64), Int32(DCN_ELEMENT_I64)].contains(tensor.element_type) ? 8 : 4
  }
}
