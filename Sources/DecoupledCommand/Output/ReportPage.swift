import DecoupledBase
import DecoupledNetworks
import DecoupledVision

/// Pictures of predictions and the HTML page that shows them.
struct ReportPage {
  let model: Model
  let folder: String
  private var rows: [String] = []
  private var curves: [String] = []
  private var tables: [String] = []

  init(model: Model, folder: String) {
    self.model = model
    self.folder = folder
  }

  /// One row: the image, the truth, the label map, and for each identified class its foreground and activation map.
  mutating func add(_ id: String, _ image: RGBImage, _ mask: LabelMap?, _ prediction: Prediction) throws {
    let images = FilePaths.join(folder, "images")
    try FileAccess.makeFolder(images)
    var cells = [try picture("\(id)-image.jpg", image, caption: id)]
    if let mask { cells.append(try picture("\(id)-truth.jpg", Overlay.draw(image, labels: mask), caption: "truth")) }
    cells.append(
      try picture("\(id)-labels.jpg", Overlay.draw(image, labels: prediction.labelMap), caption: "prediction"))
    for (index, classIndex) in prediction.identified.enumerated() {
      let name = model.classNames[classIndex]
      guard index < prediction.foregroundMaps.count else { continue }
      let map = prediction.foregroundMaps[index]
      let score = Console.decimal(Double(prediction.scores[classIndex]), 2)
      cells.append(
        try picture(
          "\(id)-foreground-\(name).jpg",
          HeatMap.draw(map, range: 0...1, over: image),
          caption: "\(name) \(score)"))
      guard index < prediction.activationMaps.count else { continue }
      let plane = ActivationView.mostRepresentative(prediction.activationMaps[index], foreground: map)
      let large = ActivationView.enlarged(plane, width: image.width, height: image.height)
      cells.append(
        try picture(
          "\(id)-activation-\(name).jpg", HeatMap.draw(large, over: image),
          caption: "activation of \(name)"))
    }
    rows.append("<div class=row>\(cells.joined())</div>")
  }

  /// The numbers of an evaluation, percent.
  mutating func addTable(of result: EvaluationResult, from path: String) {
    func line(_ cells: [String], _ tag: String) -> String {
      "<tr>" + cells.map { "<\(tag)>\(Self.escaped($0))</\(tag)>" }.joined() + "</tr>"
    }
    let table = result.table
    tables.append(
      "<table><caption>\(Self.escaped(FilePaths.stem(of: path))): \(Self.escaped(result.extent)); percent</caption>"
        + line(table[0], "th") + table.dropFirst().map { line($0, "td") }.joined(separator: "\n") + "</table>")
  }

  /// Loss and evaluation curves of a training run.
  mutating func addCurves(of run: RunDirectory) throws {
    let records = try run.records()
    guard records.count > 1 else { return }
    let name = FilePaths.stem(of: run.path)
    let losses = LinePlot.Curve(
      name: "loss", points: records.map { (Double($0.iteration), $0.smoothedLoss) })
    try FileAccess.makeFolder(FilePaths.join(folder, "images"))
    curves.append(
      try picture("curve-\(name).png", LinePlot(title: name, curves: [losses]).draw(), caption: "loss of \(name)"))
  }

  /// Writes the page and returns its path.
  func write(title: String) throws -> String {
    let legend = model.classNames.enumerated().map { index, name in
      let colour = Palette.voc[UInt8(index + 1)]
      return "<span style='background:rgb(\(colour.red),\(colour.green),\(colour.blue))'></span>\(Self.escaped(name))"
    }
    let page = """
      <!DOCTYPE html><html lang=en><meta charset=utf-8><title>\(Self.escaped(title))</title><style>
      body{font:15px sans-serif;margin:2em;background:#fafafa;color:#222} .row{display:flex;flex-wrap:wrap;gap:8px;margin:0 0 16px}
      figure{margin:0} img{height:160px;display:block;background:#ddd} figcaption{font-size:12px;max-width:220px}
      td,th{padding:2px 12px;text-align:right} td:first-child,th:first-child{text-align:left} caption{text-align:left;font-size:12px}
      .legend span{display:inline-block;width:1em;height:1em;margin:0 .4em 0 1em;vertical-align:-2px}
      </style><h1>\(Self.escaped(title))</h1><p class=legend>\(legend.joined())</p>
      <div class=row>\(tables.joined())</div>
      <p>Each row: image, truth, label map; then for each identified class, with its score, two maps from dark blue (nothing)
      to yellow (most). The first is the probability that a pixel belongs to the class, from the pass for that class alone (Figure 3 of the
      paper). The second is the coarse activation map that the segmentation network starts from, one channel of many: the one that
      agrees best with the first map (Figure 2). Where it lights up beside the object, the classification network is misled by the
      surroundings; where it is right and the first map is not, the segmentation network lacks masks.</p>
      <div class=row>\(curves.joined())</div>
      \(rows.joined(separator: "\n"))</html>

      """
    let path = FilePaths.join(folder, "index.html")
    try FileAccess.write(text: page, to: path)
    return path
  }

  private func picture(_ name: String, _ image: RGBImage, caption: String) throws -> String {
    let path = FilePaths.join(FilePaths.join(folder, "images"), name)
    if name.hasSuffix(".png") { try PNGWriter.write(image, to: path) } else { try JPEGWriter.write(image, to: path) }
    return
      "<figure><img src='images/\(Self.escaped(name))' alt=''><figcaption>\(Self.escaped(caption))</figcaption></figure>"
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "'": result += "&#39;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
    return result
  }
}
