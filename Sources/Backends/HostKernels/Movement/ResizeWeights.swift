/// Along one axis: which input elements each output element is made of, and with which weights.
import DecoupledBackendKit
import Glibc

struct ResizeWeights {
  /// Taps of output i are those from starts[i] to starts[i + 1].
  let starts: [Int]
  let places: [Int]
  let weights: [Float]

  /// What a Resize node asks for.
  struct Mode {
    let kind: Int
    let cubicCoefficient: Double
    let antialias: Bool
    let reflects: Bool

    init(_ node: NodeReader) throws {
      kind = node.node.integer("mode", default: 0)
      cubicCoefficient = node.node.real("cubic_coefficient", default: -0.5)
      antialias = node.flag("antialias")
      let border = node.node.integer("border", default: 0)
      reflects = border == 1
      try node.require((0...2).contains(kind), "resize mode \(kind) is not known")
      try node.require((0...1).contains(border), "border \(border) is not known")
    }
  }

  init(from input: Int, to output: Int, _ mode: Mode) {
    var starts = [0]
    var places: [Int] = []
    var weights: [Float] = []
    let ratio = Double(input) / Double(output)
    let widening = mode.antialias && output < input ? 1 / ratio : 1
    let radius = (mode.kind == 1 ? 1.0 : 2.0) / widening
    for index in 0..<output {
      if mode.kind == 0 {
        places.append(min(input - 1, index * input / output))
        weights.append(1)
      } else {
        let center = (Double(index) + 0.5) * ratio - 0.5
        var taps: [(place: Int, weight: Double)] = []
        for place in Int((center - radius).rounded(.down))...Int((center + radius).rounded(.up)) {
          let weight = ResizeWeights.kernel((center - Double(place)) * widening, mode)
          if weight != 0 { taps.append((ResizeWeights.inside(place, input, mode.reflects), weight)) }
        }
        let sum = taps.reduce(0) { $0 + $1.weight }
        for tap in taps {
          places.append(tap.place)
          weights.append(Float(tap.weight / sum))
        }
      }
      starts.append(places.count)
    }
    (self.starts, self.places, self.weights) = (starts, places, weights)
  }

  private static func kernel(_ x: Double, _ mode: Mode) -> Double {
    let t = abs(x)
    if mode.kind == 1 { return t < 1 ? 1 - t : 0 }
    let a = mode.cubicCoefficient
    if t <= 1 { return ((a + 2) * t - (a + 3)) * t * t + 1 }
    return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0
  }

  private static func inside(_ place: Int, _ count: Int, _ reflects: Bool) -> Int {
    if !reflects { return min(max(place, 0), count - 1) }
    var folded = place % (2 * count)
    if folded < 0 { folded += 2 * count }
    return folded < count ? folded : 2 * count - 1 - folded
  }
}
