import DecoupledBase
import DecoupledCore
import DecoupledVision

/// The scores of an image's labels as a network gives them, and the label map they become: resized once to the image,
/// refined, and the first largest decides. It knows no network.
///
/// The maps stand for the image, padded at the bottom and the right to a square. All work is done by strips of rows, so that
/// memory does not grow with labels times pixels.
public struct ScoreMaps {
  /// Height and width of the maps.
  public let size: Int
  /// Whether the scores of a pixel are divided by their sum before they are resized: for those of separate label passes.
  public let dividesBySum: Bool
  /// Id of each map's label in the label map, ascending; 0 is background.
  public private(set) var labels: [UInt8] = []
  private var planes: [[Float]] = []

  public init(size: Int, dividesBySum: Bool) {
    self.size = size
    self.dividesBySum = dividesBySum
  }

  /// Adds the map of a label, `size * size` values, behind those of smaller labels.
  public mutating func append(_ label: UInt8, _ plane: [Float]) {
    labels.append(label)
    planes.append(plane)
  }

  /// Labels at the size of the image; background everywhere when there are no maps.
  /// - Throws: `cancelled`; `outOfMemory` when a refinement needs the scores of an image that is too large for it.
  public func labelMap(
    of image: RGBImage, refinements: [any Refinement] = [], control: RunControl
  ) throws -> LabelMap {
    let (width, height) = (image.width, image.height)
    guard !planes.isEmpty else { return LabelMap(width: width, height: height) }
    let resizer = ScoreResizer(
      dividesBySum ? normalized() : planes, size: size, side: max(width, height), kept: (height, width))
    let strips = try RefinementStrips(refinements, width: width, height: height, labels: labels.count)
    var result = [UInt8](repeating: 0, count: width * height)
    result.withUnsafeMutableBufferPointer { target in
      let target = UncheckedBuffer(target)
      control.pool.forEach(strips.count) { index, _ in
        if control.isCancelled { return }
        let rows = strips.rows(index)
        let to = target.buffer.baseAddress! + rows.lowerBound * width
        guard !refinements.isEmpty else { return resizer.writeLargest(rows, labels: labels, to: to) }
        let held = strips.held(rows)
        var scores = ScoreStrip(
          width: width, rows: held, labels: labels.count,
          values: [Float](unsafeUninitializedCapacity: held.count * width * labels.count) { values, count in
            resizer.write(held, to: values.baseAddress!)
            count = held.count * width * labels.count
          })
        for refinement in refinements { refinement.refine(&scores, of: image) }
        let first = (rows.lowerBound - held.lowerBound) * width
        for pixel in 0..<rows.count * width { to[pixel] = labels[scores.largest(first + pixel)] }
      }
    }
    if control.isCancelled { throw EngineError.cancelled }
    return try LabelMap(width: width, height: height, labels: result)
  }

  /// The map of each label but background at the size of the image, from 0 to 1, as the network gave it.
  public func foregroundMaps(of image: RGBImage, pool: ThreadPool) throws -> [FloatImage] {
    let (width, height) = (image.width, image.height)
    let chosen = planes.indices.filter { labels[$0] != 0 }
    var maps = [[Float]](repeating: [], count: chosen.count)
    maps.withUnsafeMutableBufferPointer { results in
      let results = UncheckedBuffer(results)
      pool.forEach(chosen.count) { index, _ in
        let resizer = ScoreResizer(
          [planes[chosen[index]]], size: size, side: max(width, height), kept: (height, width))
        results.buffer[index] = [Float](unsafeUninitializedCapacity: width * height) { target, count in
          resizer.write(0..<height, to: target.baseAddress!)
          // The cubic kernel overshoots at edges.
          for pixel in 0..<width * height { target[pixel] = Swift.min(Swift.max(target[pixel], 0), 1) }
          count = width * height
        }
      }
    }
    return try maps.map { try FloatImage(width: width, height: height, channels: 1, values: $0) }
  }

  /// The maps divided by their sum. Where nothing is above 0 all tie, and the first wins.
  private func normalized() -> [[Float]] {
    var maps = planes
    for pixel in 0..<(size * size) {
      var sum: Float = 0
      for map in maps.indices { sum += maps[map][pixel] }
      if sum <= 0 {
        for map in maps.indices { maps[map][pixel] += 1 }
        sum += Float(maps.count)
      }
      for map in maps.indices { maps[map][pixel] /= sum }
    }
    return maps
  }
}

/// How an image is cut into strips of rows that are refined on their own. Neither cut nor result depends on the threads.
private struct RefinementStrips {
  private static let largestStrip = 16 << 20
  private static let largestImage = 8 << 30

  let count: Int
  private let height: Int
  private let length: Int
  private let margin: Int

  init(_ refinements: [any Refinement], width: Int, height: Int, labels: Int) throws {
    self.height = height
    let bytes = width * labels * MemoryLayout<Float>.size
    var margin = 0
    for refinement in refinements {
      guard case .rows(let rows) = refinement.reach else {
        guard bytes * height <= Self.largestImage else {
          throw EngineError(
            .outOfMemory,
            "The refinement '\(type(of: refinement).name)' needs the scores of the whole image at once, "
              + "\((bytes * height) >> 30) GB for \(labels) labels on \(width)x\(height) pixels; make the image smaller "
              + "or leave the refinement out.")
        }
        (self.margin, length, count) = (0, height, 1)
        return
      }
      margin += rows
    }
    self.margin = margin
    // A strip that is shorter than its margins is mostly computed for nothing.
    length = refinements.isEmpty ? 64 : max(Self.largestStrip / bytes - 2 * margin, 2 * margin, 16)
    count = (height + length - 1) / length
  }

  /// The rows that a strip is there for.
  func rows(_ index: Int) -> Range<Int> { index * length..<min((index + 1) * length, height) }

  /// Those, and the ones that their refinement looks at.
  func held(_ rows: Range<Int>) -> Range<Int> {
    max(rows.lowerBound - margin, 0)..<min(rows.upperBound + margin, height)
  }
}

/// A buffer whose tasks write to disjoint places.
private struct UncheckedBuffer<Element>: @unchecked Sendable {
  let buffer: UnsafeMutableBufferPointer<Element>
  init(_ buffer: UnsafeMutableBufferPointer<Element>) { self.buffer = buffer }
}
