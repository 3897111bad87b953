import CDecoupled
import DecoupledBase
import DecoupledNetworks
import DecoupledVision

@c @implementation public func dcn_import(
  _ path: UnsafePointer<CChar>, _ options: UnsafePointer<dcn_import_options>?, _ output: UnsafePointer<CChar>,
  _ report: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
  guarded {
    report?.pointee = nil
    let (path, output) = (try text(path, "path"), try text(output, "output"))
    var settings = dcn_import_options()
    settings.seed = 1
    if let options { settings = try dcn_import_options.read(options) }
    var taking = WeightImport.Options()
    taking.preprocessing = try optionalText(settings.preprocessing, "preprocessing")
    taking.mean = try optionalText(settings.mean, "mean")
    let skip = try optionalText(settings.skip, "skip") ?? ""
    taking.skip = Set(skip.split(separator: ",").map(String.init))
    let names = try settings.class_names.map {
      try ClassList(texts($0, settings.class_count, "class_names"), from: "'class_names'").names
    }
    let file = try WeightFile(path: path)
    let (model, full) = try WeightImport.network(
      for: file, description: try optionalText(settings.description, "description"), classes: names, options: taking)
    var imported = try WeightImport(model, file: file, options: full)
    let made = imported.report
    if !made.missing.isEmpty {
      guard settings.fill != 0 else {
        throw EngineError(
          .notFound, "'\(path)' lacks \(made.missing.joined(separator: ", ")); set 'fill' to draw them at random.")
      }
      imported = try imported.missingFilled(seed: settings.seed)
    }
    try imported.write(to: output, half: settings.half != 0)
    let numbers = [
      "used": made.used.count, "dropped": made.dropped.count, "unused": made.unused.count,
      "missing": made.missing.count,
    ]
    report?.pointee = try Handles.issue(
      ReportHandle(json: try made.json(), text: made.text, numbers: numbers.mapValues(Double.init)))
  }
}

@c @implementation public func dcn_model_export(
  _ model: OpaquePointer, _ format: Int32, _ label_passes: Int32, _ path: UnsafePointer<CChar>
) -> Int32 {
  guarded {
    let formats: [Int: ModelExport.Format] = [
      DCN_EXPORT_ONNX_CLASSIFICATION: .onnxClassification, DCN_EXPORT_ONNX_LABEL_PASS: .onnxLabelPass,
      DCN_EXPORT_ONNX: .onnx, DCN_EXPORT_TORCHVISION: .torchvision, DCN_EXPORT_CAFFE: .caffe,
    ]
    guard let format = formats[Int(format)] else {
      throw EngineError(.invalidArgument, "There is no export format \(format); take a DCN_EXPORT_ value.")
    }
    let handle = try Handles.find(model, ModelHandle.self)
    let path = try text(path, "path")
    try handle.reading {
      try ModelExport.write(
        handle.model, as: format, to: path, labelPasses: label_passes == 0 ? nil : Int(label_passes))
    }
  }
}
