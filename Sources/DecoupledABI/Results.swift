import CDecoupled
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

@c @implementation public func dcn_result_label_map(
  _ result: OpaquePointer, _ width: UnsafeMutablePointer<Int32>, _ height: UnsafeMutablePointer<Int32>
) -> UnsafePointer<UInt8>? {
  reading(or: nil) {
    let found = try Handles.find(result, ResultHandle.self)
    try requirePointer(width, "width")
    try requirePointer(height, "height")
    (width.pointee, height.pointee) = (found.width, found.height)
    return found.labels.pointer
  }
}

@c @implementation public func dcn_result_scores(
  _ result: OpaquePointer, _ count: UnsafeMutablePointer<Int32>?
) -> UnsafePointer<Float>? {
  reading(or: nil) {
    let found = try Handles.find(result, ResultHandle.self)
    count?.pointee = Int32(found.scores.count)
    return found.scores.pointer
  }
}

@c @implementation public func dcn_result_classes(
  _ result: OpaquePointer, _ count: UnsafeMutablePointer<Int32>
) -> UnsafePointer<Int32>? {
  reading(or: nil) {
    let found = try Handles.find(result, ResultHandle.self)
    try requirePointer(count, "count")
    count.pointee = Int32(found.classes.count)
    return found.classes.pointer
  }
}

@c @implementation public func dcn_result_foreground_map(
  _ result: OpaquePointer, _ position: Int32, _ width: UnsafeMutablePointer<Int32>,
  _ height: UnsafeMutablePointer<Int32>
) -> UnsafePointer<Float>? {
  reading(or: nil) {
    let found = try Handles.find(result, ResultHandle.self)
    try requirePointer(width, "width")
    try requirePointer(height, "height")
    let map = try ResultHandle.map(found.foregroundMaps, position, of: found.classes.count, "foreground_maps")
    (width.pointee, height.pointee) = (map.width, map.height)
    return map.values.pointer
  }
}

@c @implementation public func dcn_result_activation_map(
  _ result: OpaquePointer, _ position: Int32, _ channels: UnsafeMutablePointer<Int32>,
  _ height: UnsafeMutablePointer<Int32>, _ width: UnsafeMutablePointer<Int32>
) -> UnsafePointer<Float>? {
  reading(or: nil) {
    let found = try Handles.find(result, ResultHandle.self)
    try requirePointer(channels, "channels")
    try requirePointer(height, "height")
    try requirePointer(width, "width")
    let map = try ResultHandle.map(found.activationMaps, position, of: found.classes.count, "activation_maps")
    (channels.pointee, height.pointee, width.pointee) = (map.channels, map.height, map.width)
    return map.values.pointer
  }
}

@c @implementation public func dcn_result_free(_ result: OpaquePointer?) { Handles.free(result, ResultHandle.self) }
