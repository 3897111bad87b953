/// Concat, Slice and Gather: operators that only copy.
import CDecoupled
import DecoupledBackendKit

final class Concatenation: SwiftKernel {
  private let pieces: [Operand]
  private let isMapped: [Bool]
  private let map: Operand?
  private let y: Operand
  private let axis: Int

  init(_ node: NodeReader) throws {
    let y = try node.output(0)
    let axis = try node.axis(rank: y.shape.count)
    (self.y, self.axis) = (y, axis)
    let flags = node.node.integers("mapped")
    let count = flags == nil ? node.inputCount : node.inputCount - 1
    try node.require(count >= 1, "nothing to join")
    try node.require(flags.map { $0.count == count } ?? true, "attribute mapped needs one flag for each operand")
    isMapped = flags.map { $0.map { $0 != 0 } } ?? Array(repeating: false, count: count)
    map = flags == nil ? nil : try node.rowMap(count, rows: y.rows)
    pieces = try (0..<count).map { try node.input($0, rank: y.shape.count...y.shape.count) }
    try node.require(!isMapped.contains(true) || (map != nil && axis > 0), "mapped operands need row_to_image")
    for (piece, mapped) in zip(pieces, isMapped) {
      for other in 0..<y.shape.count where other != axis && !(other == 0 && mapped) {
        try node.require(piece.shape[other] == y.shape[other], "shapes \(piece.shape) and \(y.shape) do not fit")
      }
    }
    try node.require(
      pieces.reduce(0) { $0 + $1.shape[axis] } == y.shape[axis], "the operands do not add up to \(y.shape)")
  }

  func run(_ call: KernelCall) throws {
    let y: Rows<Float> = try call.output(self.y)
    let sources = try pieces.map { piece -> Rows<Float> in try call.input(piece) }
    if axis == 0 {
      try call.requireBatch(sources.reduce(0) { $0 + $1.count }, y.count, layer: self.y.layer)
      var first = 0
      for source in sources {
        let tasks = RowTasks(rows: source.count, length: y.length)
        try call.parallelFor(tasks.count) { index, _ in
          tasks.each(index) { row, start, count in
            (y[first + row] + start).update(from: source[row] + start, count: count)
          }
        }
        first += source.count
      }
      return
    }
    var map: UnsafeMutablePointer<Int32>?
    for (source, mapped) in zip(sources, isMapped) {
      if mapped {
        map = try call.rowMap(self.map, rows: y.count, images: source.count, layer: self.y.layer)
      } else {
        try call.requireBatch(y.count, source.count, layer: self.y.layer)
      }
    }
    let outer = self.y.shape[1..<axis].reduce(1, *)
    let length = y.length / outer
    var place = 0
    for (source, mapped) in zip(sources, isMapped) {
      let part = source.length / outer
      let rowMap = mapped ? map : nil
      let offset = place
      let tasks = RowTasks(rows: y.count * outer, length: part)
      try call.parallelFor(tasks.count) { index, _ in
        tasks.each(index) { line, start, count in
          let (row, within) = (line / outer, line % outer)
          let from = source[rowMap.map { Int($0[row]) } ?? row] + (within * part + start)
          (y[row] + (within * length + offset + start)).update(from: from, count: count)
        }
      }
      place += part
    }
  }
}

final class Slice: SwiftKernel {
  private let x: Operand
  private let y: Operand
  private let axis: Int
  private let start: Int
  private let end: Int

  init(_ node: NodeReader) throws {
    x = try node.input(0)
    y = try node.output(0, rank: x.shape.count...x.shape.count)
    axis = try node.axis(rank: x.shape.count, default: nil)
    guard let start = node.node.integers("start")?.first, let end = node.node.integers("end")?.first else {
      throw node.refusal("attribute start or end is missing")
    }
    try node.require(start >= 0 && start < end && end <= x.shape[axis], "\(start)..<\(end) of \(x.shape[axis])")
    (self.start, self.end) = (start, end)
    var expected = x.shape
    expected[axis] = end - start
    try node.require(y.shape == expected, "the result has shape \(y.shape) instead of \(expected)")
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let y: Rows<Float> = try call.output(self.y)
    let first = axis == 0 ? start : 0
    if axis == 0 {
      try call.requireBatch(end - start, y.count, layer: self.x.layer)
      guard end <= x.count else {
        try call.requireBatch(end, x.count, layer: self.x.layer)
        return
      }
    } else {
      try call.requireBatch(x.count, y.count, layer: self.x.layer)
    }
    let outer = axis == 0 ? 1 : self.x.shape[1..<axis].reduce(1, *)
    let inner = self.x.shape[(axis + 1)...].reduce(1, *)
    let step = axis == 0 ? x.length : x.length / outer
    let offset = axis == 0 ? 0 : start * inner
    let part = y.length / outer
    let tasks = RowTasks(rows: y.count * outer, length: part)
    try call.parallelFor(tasks.count) { index, _ in
      tasks.each(index) { line, start, count in
        let (row, within) = (line / outer, line % outer)
        (y[row] + (within * part + start)).update(from: x[first + row] + (within * step + offset + start), count: count)
      }
    }
  }
}

final class Gather: SwiftKernel {
  private let x: Operand
  private let indices: Operand
  private let y: Operand

  init(_ node: NodeReader) throws {
    x = try node.input(0, layout: node.commonLayout)
    y = try node.output(0, rank: x.shape.count...x.shape.count, layout: node.commonLayout)
    indices = try node.input(1, rank: 1...1, type: Int(DCN_ELEMENT_I32))
    try node.require(indices.shape[0] == y.rows && x.shape[1...] == y.shape[1...], "shapes \(x.shape) and \(y.shape)")
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let y: Rows<Float> = try call.output(self.y)
    guard let map = try call.rowMap(indices, rows: y.count, images: x.count, layer: self.x.layer) else { return }
    let tasks = RowTasks(rows: y.count, length: y.length)
    try call.parallelFor(tasks.count) { index, _ in
      tasks.each(index) { row, start, count in
        (y[row] + start).update(from: x[Int(map[row])] + start, count: count)
      }
    }
  }
}
