import DecoupledBase
import DecoupledCore

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
    let description = model.description
    let graph = try Families.of(description).predictionGraph(description, images: 1, rows: 1)
    let hasLabelPasses = graph.hasValue(named: "seeds")
    func require(_ condition: Bool, _ what: String) throws {
      guard condition else {
        throw EngineError(
          .unsupported,
          "The network '\(description.name)' cannot be written as '\(format.rawValue)': that is for \(what).")
      }
    }
    switch format {
    case .onnx: break
    case .onnxClassification, .onnxLabelPass:
      try require(hasLabelPasses, "families with label passes, and '\(description.family)' has none")
    case .torchvision:
      try require(
        description.trunk == VGG.tags[0] && description.head == FullyConvolutionalHead.tag,
        "the trunk '\(VGG.tags[0])' with the head '\(FullyConvolutionalHead.tag)'")
    case .caffe:
      let parts = [description.family, description.trunk, description.head, description.decoder]
      let released = [DecoupledNet().tag, VGG.tags[0], FullyConvolutionalHead.tag, Unpooling.tag]
      try require(parts == released, "networks of the released parts, \(released.joined(separator: ", "))")
    }
    switch format {
    case .onnx where !hasLabelPasses: try ScoreMapsONNX.prediction(model, graph).write(to: path)
    case .onnxClassification: try DecoupledNetONNX.classification(model).write(to: path)
    case .onnxLabelPass: try DecoupledNetONNX.labelPass(model).write(to: path)
    case .onnx:
      let passes = labelPasses ?? description.classes
      guard (1...description.classes).contains(passes) else {
        throw EngineError(
          .invalidArgument, "\(passes) label passes were asked for; the model has \(description.classes) classes.")
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
