/// Concat and Slice along channels, where an operand is channels-last.
import CDecoupled
import DecoupledBackendKit

final class ChannelsLastConcatenation: SwiftKernel {
  private let pieces: [Operand]
  private let isMapped: [Bool]
  private let map: Operand?
  private let y: Operand

  init(_ node: NodeReader) throws {
    let y = try node.resultImage(0)
    self.y = y
    let flags = node.node.integers("mapped")
    let count = flags == nil ? node.inputCount : node.inputCount - 1
    try node.require(count >= 1, "nothing to join")
    try node.require(flags.map { $0.count == count } ?? true, "attribute mapped needs one flag for each operand")
    isMapped = flags.map { $0.map { $0 != 0 } } ?? Array(repeating: false, count: count)
    map = flags == nil ? nil : try node.rowMap(count, rows: y.rows)
    pieces = try (0..<count).map { try node.image($0) }
    try node.require(!isMapped.contains(true) || map != nil, "mapped operands need row_to_image")
    for (piece, mapped) in zip(pieces, isMapped) {
      try node.require(
        piece.shape[2...] == y.shape[2...] && (mapped || piece.rows == y.rows),
        "shapes \(piece.shape) and \(y.shape) do not fit")
    }
    try node.require(pieces.reduce(0) { $0 + $1.shape[1] } == y.shape[1], "the operands do not add up to \(y.shape)")
  }

  func run(_ call: KernelCall) throws {
    let y: Rows<Float> = try call.output(self.y)
    let to = self.y.steps
    var first = 0
    for (piece, mapped) in zip(pieces, isMapped) {
      let source: Rows<Float> = try call.input(piece)
      var map: UnsafeMutablePointer<Int32>?
      if mapped {
        map = try call.rowMap(self.map, rows: y.count, images: source.count, layer: self.y.layer)
      } else {
        try call.requireBatch(y.count, source.count, layer: self.y.layer)
      }
      let (channels, offset) = (piece.shape[1], first * to.channel)
      let tasks = PixelTasks(images: y.count, pixels: piece.planeLength, length: channels)
      try call.parallelFor(tasks.count) { index, _ in
        let row = tasks.image(index)
        copyChannels(
          channels, tasks.range(index), source[map.map { Int($0[row]) } ?? row], piece.steps, y[row] + offset, to)
      }
      first += channels
    }
  }
}

final class ChannelsLastSlice: SwiftKernel {
  private let x: Operand
  private let y: Operand
  private let start: Int

  init(_ node: NodeReader) throws {
    x = try node.image(0)
    y = try node.resultImage(0)
    guard let start = node.node.integers("start")?.first, let end = node.node.integers("end")?.first else {
      throw node.refusal("attribute start or end is missing")
    }
    try node.require(start >= 0 && start < end && end <= x.shape[1], "\(start)..<\(end) of \(x.shape[1])")
    self.start = start
    let expected = [x.shape[0], end - start] + x.shape[2...]
    try node.require(y.shape == expected, "the result has shape \(y.shape) instead of \(expected)")
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let y: Rows<Float> = try call.output(self.y)
    try call.requireBatch(x.count, y.count, layer: self.x.layer)
    let (from, to) = (self.x.steps, self.y.steps)
    let tasks = PixelTasks(images: x.count, pixels: self.x.planeLength, length: self.y.shape[1])
    try call.parallelFor(tasks.count) { index, _ in
      let image = tasks.image(index)
      copyChannels(self.y.shape[1], tasks.range(index), x[image] + start * from.channel, from, y[image], to)
    }
  }
}

/// Copies some pixels of `channels` channels from one layout to another.
private func copyChannels(
  _ channels: Int, _ pixels: Range<Int>, _ x: UnsafePointer<Float>, _ from: ImageSteps,
  _ y: UnsafeMutablePointer<Float>,
  _ to: ImageSteps
) {
  if from.channel == 1, to.channel == 1 {
    for pixel in pixels { (y + pixel * to.pixel).update(from: x + pixel * from.pixel, count: channels) }
  } else {
    for pixel in pixels {
      for channel in 0..<channels {
        y[pixel * to.pixel + channel * to.channel] = x[pixel * from.pixel + channel * from.channel]
      }
    }
  }
}
