import CDecoupled
import DecoupledVision

extension ReportHandle {
  convenience init(_ scores: SegmentationScores) throws {
    self.init(
      json: try DecoupledABI.json(scores), text: scores.text,
      numbers: [
        "mean_iou": scores.meanIntersectionOverUnion, "mean_object_iou": scores.meanObjectIntersectionOverUnion,
        "pixel_accuracy": scores.pixelAccuracy,
      ])
  }
}

@c @implementation public func dcn_evaluation_create(
  _ class_names: UnsafePointer<UnsafePointer<CChar>?>, _ class_count: Int32,
  _ evaluation: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded {
    try clear(evaluation, "evaluation")
    let names = try texts(class_names, class_count, "class_names")
    evaluation.pointee = try Handles.issue(EvaluationHandle(try ClassList(names)))
  }
}

@c @implementation public func dcn_evaluation_add(
  _ evaluation: OpaquePointer, _ truth: UnsafePointer<UInt8>, _ prediction: UnsafePointer<UInt8>, _ width: Int32,
  _ height: Int32
) -> Int32 {
  guarded {
    let handle = try Handles.find(evaluation, EvaluationHandle.self)
    try handle.add(
      truth: labelMap(truth, Int(width), Int(height), name: "truth"),
      prediction: labelMap(prediction, Int(width), Int(height), name: "prediction"))
  }
}

@c @implementation public func dcn_evaluation_report(
  _ evaluation: OpaquePointer, _ report: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded {
    try clear(report, "report")
    let handle = try Handles.find(evaluation, EvaluationHandle.self)
    report.pointee = try Handles.issue(ReportHandle(try handle.scores()))
  }
}

@c @implementation public func dcn_evaluation_free(_ evaluation: OpaquePointer?) {
  Handles.free(evaluation, EvaluationHandle.self)
}
