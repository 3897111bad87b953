import DecoupledCore

/// Networks that give the probabilities of background and all classes in one pass, as an ONNX file for one image: image to
/// "score_maps" [1, L + 1, S, S] and "label_map" int64 [1, S, S], the label that is largest.
enum ScoreMapsONNX {
  static func prediction(_ model: Model, _ graph: Graph) throws -> ONNXFile {
    var lowering = ONNXLowering(graph, name: "prediction", outputs: ["score_maps", "label_map"])
    lowering.input(try graph.value(named: "image"), "image")
    let maps = try graph.value(named: "probabilities")
    try lowering.output(maps, "score_maps")
    lowering.result.outputLabelMap(of: try lowering.name(of: maps), size: Array(graph[maps].type.shape[2...]))
    return ONNXFile(
      graph: lowering.result.finished(), parameters: model.parameters, metadata: try ONNXFile.metadata(of: model))
  }
}
