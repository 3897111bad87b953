import DecoupledBase
import DecoupledNetworks
import DecoupledVision

/// Writes the pictures of one prediction.
struct PredictionWriter {
  let model: Model
  let folder: String
  let overlay: Bool
  let foreground: Bool
  let activation: Bool

  func write(_ prediction: Prediction, of image: RGBImage, named path: String) throws {
    try FileAccess.makeFolder(folder)
    let stem = FilePaths.join(folder, FilePaths.stem(of: path))
    try PNGWriter.write(prediction.labelMap, to: stem + ".png")
    if overlay { try JPEGWriter.write(try Overlay.draw(image, labels: prediction.labelMap), to: stem + "-overlay.jpg") }
    for (index, classIndex) in prediction.identified.enumerated() {
      let name = model.classNames[classIndex]
      if foreground {
        let map = prediction.foregroundMaps[index]
        try JPEGWriter.write(
          try HeatMap.draw(map, range: 0...1, over: image),
          to: "\(stem)-foreground-\(name).jpg")
      }
      if activation {
        let plane = ActivationView.mostRepresentative(
          prediction.activationMaps[index], foreground: prediction.foregroundMaps[index])
        let large = try Resampling.resize(plane, width: 160, height: 160, kernel: .bilinear)
        try PNGWriter.write(
          try HeatMap.draw(large), to: "\(stem)-activation-\(name).png")
      }
    }
  }
}
