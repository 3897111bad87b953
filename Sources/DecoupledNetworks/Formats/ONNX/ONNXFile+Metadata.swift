import DecoupledBase
import DecoupledVision

extension ONNXFile {
  /// What a program needs beside the graph: how the input is made, names and colours of the labels.
  static func metadata(of model: Model) throws -> [(key: String, value: String)] {
    let (description, preprocessing) = (model.description, model.description.preprocessing)
    let colours = (0...description.classes).map { label in
      let colour = Palette.voc[UInt8(label)]
      return [Int(colour.red), Int(colour.green), Int(colour.blue)]
    }
    return [
      ("input_size", "\(description.inputSize)"),
      ("channel_order", preprocessing.channelOrder.rawValue),
      ("scale", "\(preprocessing.scale)"),
      ("mean", try JSONText.of(preprocessing.mean)),
      ("deviation", try JSONText.of(preprocessing.deviation)),
      ("classes", try JSONText.of(model.classNames)),
      ("palette", try JSONText.of(colours)),
      ("saliency_placement", description.saliency.placement.rawValue),
      ("saliency_seed", description.saliency.seed.rawValue),
      ("network", try JSONText.of(description)),
    ]
  }
}
