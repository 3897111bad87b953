public import CDecoupled
import DecoupledBase
import DecoupledCore
import DecoupledVision

/// The caller's options; defaults where there are none.
func datasetOptions(_ options: UnsafePointer<dcn_dataset_options>?) throws -> Dataset.Options {
  var wanted = Dataset.Options()
  guard let options else { return wanted }
  let given = try dcn_dataset_options.read(options)
  wanted.set = try optionalText(given.set, "set")
  wanted.strong = try optionalText(given.strong, "strong")
  wanted.labelsFromMasks = given.labels_from_masks != 0
  if let folder = try optionalText(given.mask_folder, "mask_folder") { wanted.maskFolder = folder }
  wanted.kind = try choice(given.kind, "kind", or: .automatic)
  wanted.list = try optionalText(given.list, "list")
  wanted.extraMasks = try optionalText(given.extra_masks, "extra_masks")
  guard (0...256).contains(given.ignored_id_count) else {
    throw EngineError(.invalidArgument, "'ignored_id_count' must lie between 0 and 256, not \(given.ignored_id_count).")
  }
  if given.ignored_id_count > 0 {
    guard let ids = given.ignored_ids else {
      throw EngineError(.invalidArgument, "'ignored_ids' must not be NULL where 'ignored_id_count' is not 0.")
    }
    wanted.ids.ignored = Array(UnsafeBufferPointer(start: ids, count: Int(given.ignored_id_count)))
  }
  wanted.ids.reduceZero = given.reduce_zero != 0
  wanted.coco.overlap = try choice(given.overlap, "overlap", or: wanted.coco.overlap)
  wanted.coco.crowd = try choice(given.crowd, "crowd", or: wanted.coco.crowd)
  return wanted
}

/// One of a few words.
private func choice<Value: RawRepresentable<String> & CaseIterable>(
  _ pointer: UnsafePointer<CChar>?, _ name: String, or standard: Value
) throws -> Value {
  guard let word = try optionalText(pointer, name) else { return standard }
  guard let value = Value(rawValue: word) else {
    let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
    throw EngineError(.invalidArgument, "'\(name)' must be one of \(known), not '\(word)'.")
  }
  return value
}

@c @implementation public func dcn_dataset_open(
  _ path: UnsafePointer<CChar>, _ options: UnsafePointer<dcn_dataset_options>?,
  _ dataset: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded {
    try clear(dataset, "dataset")
    let path = try text(path, "path")
    let wanted = try datasetOptions(options)
    guard FileAccess.isFolder(path) else {
      throw EngineError(.notFound, "There is no data set folder '\(path)'.")
    }
    dataset.pointee = try Handles.issue(DatasetHandle(try Dataset.open(path, options: wanted)))
  }
}

@c @implementation public func dcn_dataset_item_count(_ dataset: OpaquePointer) -> Int32 {
  reading(or: -1) { Int32(clamping: try Handles.find(dataset, DatasetHandle.self).dataset.items.count) }
}

@c @implementation public func dcn_dataset_labelled_count(_ dataset: OpaquePointer) -> Int32 {
  reading(or: -1) { Int32(clamping: try Handles.find(dataset, DatasetHandle.self).dataset.labelledItems.count) }
}

@c @implementation public func dcn_dataset_strong_count(_ dataset: OpaquePointer) -> Int32 {
  reading(or: -1) { Int32(clamping: try Handles.find(dataset, DatasetHandle.self).dataset.strongItems.count) }
}

@c @implementation public func dcn_dataset_class_count(_ dataset: OpaquePointer) -> Int32 {
  reading(or: -1) { Int32(try Handles.find(dataset, DatasetHandle.self).classNames.count) }
}

@c @implementation public func dcn_dataset_class_name(
  _ dataset: OpaquePointer, _ index: Int32
) -> UnsafePointer<CChar>? {
  reading(or: nil) { try element(try Handles.find(dataset, DatasetHandle.self).classNames, index, "class").pointer }
}

@c @implementation public func dcn_dataset_item(
  _ dataset: OpaquePointer, _ index: Int32, _ item: UnsafeMutablePointer<dcn_item>
) -> Int32 {
  guarded {
    let handle = try Handles.find(dataset, DatasetHandle.self)
    let found = try handle.item(index)
    try dcn_item.write(item) { item in
      item.class_count = Int32(handle.classNames.count)
      item.identifier = found.identifier.pointer
      item.image_path = found.imagePath.pointer
      item.mask_path = found.maskPath?.pointer
      item.labels = found.labels?.pointer
    }
  }
}

/// A value of the engine as one JSON object.
func json(_ value: some Encodable) throws -> String {
  try JSONText.of(value, pretty: true, snakeCase: true)
}

@c @implementation public func dcn_dataset_free(_ dataset: OpaquePointer?) { Handles.free(dataset, DatasetHandle.self) }
