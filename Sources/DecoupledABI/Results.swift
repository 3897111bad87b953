import CDecoupled

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
