import DecoupledBase

/// Files that other programs read, made from a model.
public enum ModelExport {
  public enum Format: String, Sendable, CaseIterable {
    /// ONNX: image to scores, and what a label pass needs.
    case onnxClassification = "onnx-classification"
    /// ONNX: one label pass, from what `onnx-classification` gives to probabilities.
    case onnxLabelPass = "onnx-label-pass"
    /// ONNX: image to score maps and label map, with a fixed number of label passes.
    case onnx
    /// safetensors: the classification network under torchvision's names.
    case torchvision
    /// Caffe: a `.caffemodel` with the layer names of the released networks.
    case caffe
  }

  /// Writes a file; either the whole file is there afterwards or nothing new.
  /// - Parameters:
  ///   - labelPasses: of `onnx`: how many classes of an image are segmented, those with the highest scores; nil = all.
  ///   - threshold: of `onnx`: a class is identified when its score lies above.
  /// - Throws: `state` or `notFound` when the model lacks weights that the format needs, `unsupported` when the file would be too
  ///   large or the network has no place in the format.
  public static func write(
    _ model: Model, as format: Format, to path: String, labelPasses: Int? = nil, threshold: Float = 0.5
  ) throws {
    switch format {
    case .torchvision, .onnxClassification: try model.require(.classification)
    case .onnxLabelPass, .onnx, .caffe: try model.require(.all)
    }
    switch format {
    case .onnxClassification: try DecoupledNetONNX.classification(model).write(to: path)
    case .onnxLabelPass: try DecoupledNetONNX.labelPass(model).write(to: path)
    case .onnx:
      let passes = labelPasses ?? model.description.classes
      guard (1...model.description.classes).contains(passes) else {
        throw EngineError(
          .invalidArgument, "\(passes) label passes were asked for; the model has \(model.description.classes) classes."
        )
      }
      try DecoupledNetONNX.prediction(model, labelPasses: passes, threshold: threshold).write(to: path)
    case .torchvision: try writeTorchvision(model, to: path)
    case .caffe: try CaffeExport.message(model).write(to: path, kind: "Caffe")
    }
  }

  /// Layers of the classifier are flat there, as torchvision's are.
  private static func writeTorchvision(_ model: Model, to path: String) throws {
    let aliases = TorchvisionNames(model.description, isNormalized: false).aliases
    let parts = try aliases.compactMap { foreign, own -> SafetensorsWriter.Part? in
      guard let tensor = model.parameters[own] else { return nil }
      let isFlat = foreign.hasPrefix("classifier.") && tensor.shape.count == 4
      let stored = StoredTensor(
        foreign, isFlat ? try tensor.reshaped([tensor.shape[0], tensor.elementCount / tensor.shape[0]]) : tensor)
      return SafetensorsWriter.Part(name: foreign, tensor: stored, elementType: .float32)
    }
    let metadata = [
      "format": "pt", WeightImport.preprocessingKey: try JSONText.of(model.description.preprocessing),
      "classes": try JSONText.of(model.classNames),
    ]
    try SafetensorsWriter.write(parts, metadata: metadata, to: path)
  }
}
