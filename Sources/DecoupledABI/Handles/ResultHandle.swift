import DecoupledBase
import DecoupledNetworks
import DecoupledVision

final class ResultHandle: HandleObject {
  static let noun = "result"

  /// Planes of floats that belong to the result.
  struct Map: Sendable {
    let values: OwnedArray<Float>
    let channels, height, width: Int32

    init(_ image: FloatImage) {
      values = OwnedArray(image.values)
      (channels, height, width) = (Int32(image.channels), Int32(image.height), Int32(image.width))
    }
  }

  let labels: OwnedArray<UInt8>
  let width, height: Int32
  let scores: OwnedArray<Float>
  let classes: OwnedArray<Int32>
  let foregroundMaps: [Map]
  let activationMaps: [Map]

  init(_ prediction: Prediction) {
    labels = OwnedArray(prediction.labelMap.labels)
    (width, height) = (Int32(prediction.labelMap.width), Int32(prediction.labelMap.height))
    scores = OwnedArray(prediction.scores)
    classes = OwnedArray(prediction.identified.map { Int32($0) })
    foregroundMaps = prediction.foregroundMaps.map { Map($0) }
    activationMaps = prediction.activationMaps.map { Map($0) }
  }

  static func map(_ maps: [Map], _ position: Int32, of classes: Int, _ option: String) throws -> Map {
    guard !maps.isEmpty || classes == 0 else {
      throw EngineError(.state, "The session does not keep these maps; set '\(option)' in its options.")
    }
    return try element(maps, position, "identified class")
  }
}
