public import CDecoupled
import DecoupledBase
import DecoupledNetworks
import DecoupledProposals
import DecoupledVision
import FoundationEssentials

/// Runs work that tells its progress; a caller that cancels gets the status for it.
private func counting<Result>(
  _ progress: dcn_count_callback?, _ user_data: UnsafeMutableRawPointer?,
  _ body: ((Int, Int) -> Bool) throws -> Result
) throws -> Result {
  var isCancelled = false
  do {
    return try body { done, total in
      isCancelled = progress.map { $0(Int64(done), Int64(total), user_data) != 0 } ?? false
      return !isCancelled
    }
  } catch  where isCancelled { throw EngineError.cancelled }
}

private func issue(_ found: DatasetReport, _ report: UnsafeMutablePointer<OpaquePointer?>) throws {
  report.pointee = try Handles.issue(
    ReportHandle(json: try json(found), text: found.text, numbers: ["problems": Double(found.problems.count)]))
}

@c @implementation public func dcn_dataset_check(
  _ dataset: OpaquePointer, _ progress: dcn_count_callback?, _ user_data: UnsafeMutableRawPointer?,
  _ report: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded {
    try clear(report, "report")
    let handle = try Handles.find(dataset, DatasetHandle.self)
    try issue(counting(progress, user_data) { try DatasetCheck.run(handle.dataset, progress: $0) }, report)
  }
}

@c @implementation public func dcn_dataset_check_folder(
  _ path: UnsafePointer<CChar>, _ options: UnsafePointer<dcn_dataset_options>?, _ progress: dcn_count_callback?,
  _ user_data: UnsafeMutableRawPointer?, _ report: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded {
    try clear(report, "report")
    let path = try text(path, "path")
    let options = try datasetOptions(options)
    guard FileAccess.isFolder(path) else {
      throw EngineError(.notFound, "There is no data set folder '\(path)'.")
    }
    try issue(counting(progress, user_data) { try DatasetCheck.run(path, options: options, progress: $0) }, report)
  }
}

@c @implementation public func dcn_dataset_statistics(
  _ dataset: OpaquePointer, _ progress: dcn_count_callback?, _ user_data: UnsafeMutableRawPointer?,
  _ report: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded {
    try clear(report, "report")
    let handle = try Handles.find(dataset, DatasetHandle.self)
    let found = try counting(progress, user_data) { try DatasetStatistics(handle.dataset, progress: $0) }
    report.pointee = try Handles.issue(
      ReportHandle(json: try found.json(), text: found.text, numbers: ["images": Double(found.images)]))
  }
}

@c @implementation public func dcn_dataset_item_mask(
  _ dataset: OpaquePointer, _ index: Int32, _ labels: UnsafeMutablePointer<dcn_image>
) -> Int32 {
  guarded {
    try dcn_image.check(labels)
    let item = try element(try Handles.find(dataset, DatasetHandle.self).dataset.items, index, "item")
    guard let mask = try item.readMask() else {
      throw EngineError(.notFound, "'\(item.id)' has no mask that may be used.")
    }
    try give(mask.labels, DCN_FORMAT_GRAY8, mask.width, mask.height, to: labels)
  }
}

@c @implementation public func dcn_dataset_split(
  _ dataset: OpaquePointer, _ per_class: Int32, _ seed: UInt64, _ path: UnsafePointer<CChar>
) -> Int32 {
  guarded {
    let path = try text(path, "path")
    let handle = try Handles.find(dataset, DatasetHandle.self)
    guard per_class >= 1 else {
      throw EngineError(.invalidArgument, "'per_class' must be at least 1, not \(per_class).")
    }
    try ListFile.write(DatasetSplit.strong(handle.dataset, perClass: Int(per_class), seed: seed), to: path)
  }
}

@c @implementation public func dcn_dataset_write_voc(
  _ dataset: OpaquePointer, _ set: UnsafePointer<CChar>, _ folder: UnsafePointer<CChar>,
  _ progress: dcn_count_callback?, _ user_data: UnsafeMutableRawPointer?
) -> Int32 {
  guarded {
    let (set, folder) = (try text(set, "set"), try text(folder, "folder"))
    let handle = try Handles.find(dataset, DatasetHandle.self)
    try counting(progress, user_data) { try VOCWriter.write(handle.dataset, set: set, to: folder, progress: $0) }
  }
}

@c @implementation public func dcn_dataset_write_crops(
  _ dataset: OpaquePointer, _ cropping: UnsafePointer<CChar>?, _ seed: UInt64, _ root: UnsafePointer<CChar>,
  _ path: UnsafePointer<CChar>, _ progress: dcn_count_callback?, _ user_data: UnsafeMutableRawPointer?,
  _ count: UnsafeMutablePointer<Int64>
) -> Int32 {
  guarded {
    try requirePointer(count, "count")
    let (root, path) = (try text(root, "root"), try text(path, "path"))
    let given = try optionalText(cropping, "cropping") ?? "{}"
    let settings = try JSONDecoder().decode(CroppingSettings.self, from: Data(given.utf8))
    let handle = try Handles.find(dataset, DatasetHandle.self)
    let generator = CropGenerator(
      cropping: try settings.cropping(), proposals: try settings.proposals?.proposer(from: EdgeBoxesSource()),
      seed: seed)
    count.pointee = Int64(
      try counting(progress, user_data) { told in
        try generator.write(
          handle.dataset, root: root, to: path, warn: { Log.write(.warning, $0) }, progress: told)
      })
  }
}

@c @implementation public func dcn_dataset_evaluate(
  _ dataset: OpaquePointer, _ folder: UnsafePointer<CChar>, _ progress: dcn_count_callback?,
  _ user_data: UnsafeMutableRawPointer?, _ report: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded {
    try clear(report, "report")
    let folder = try text(folder, "folder")
    let handle = try Handles.find(dataset, DatasetHandle.self)
    let scores = try counting(progress, user_data) {
      try LabelMapFolder.evaluate(folder, against: handle.dataset, progress: $0)
    }
    report.pointee = try Handles.issue(ReportHandle(scores))
  }
}
