import ArgumentParser
import DecoupledBase
import DecoupledCore
import DecoupledNetworks
import DecoupledVision
import Glibc

/// `decoupled bench`: how fast a network runs here.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time predictions or training steps of a network with drawn weights, or of a model.")

  /// What can be timed of prediction; anything else is a phase of training.
  private static let parts = ["predict", "trunk", "labels"]

  @OptionGroup var engine: EngineOptions

  @Option(help: "Preset or description (JSON) of the network.")
  var network = "vgg16"

  @Option(help: "A model to take instead of a network with drawn weights.")
  var model: String?

  @Option(help: "Height and width of the input instead of the network's own.")
  var size: Int?

  @Option(
    help:
      "What is timed: predict, its parts trunk (the classification network) and labels (the label passes), or a training step of a phase, such as classification or segmentation."
  )
  var phase = "predict"

  @Option(help: "Images in one batch.")
  var batch = 1

  @Option(help: "Identified classes in each image.")
  var labels = 1

  @Option(help: "Runs that are timed, after one that is not.")
  var runs = 5

  @Flag(help: "List every kernel: time, effective GFLOP/s (direct count) and share of the whole.")
  var layers = false

  @Flag(
    help:
      "Measure the algorithms of the backend cpu for the 3x3 convolutions of all presets, at their size and at 224, and write the table of the fastest as Swift source."
  )
  var tune = false

  func validate() throws {
    guard batch >= 1, labels >= 0, runs >= 1 else {
      throw ValidationError("--batch and --runs must be at least 1, --labels at least 0.")
    }
    guard model == nil || size == nil else {
      throw ValidationError("--size is for a --network; a --model has its own.")
    }
  }

  func run() throws {
    if tune {
      let (backend, control) = try engine.open()
      print(try ConvolutionTuning(backend: backend, control: control, runs: runs).table(), terminator: "")
      return
    }
    let model = try subject()
    let (backend, control) = try engine.open()
    var table = KernelTable()
    let step = try workload(model, backend, control) { table.add($0) }
    try step()
    table = KernelTable()
    var seconds: [Double] = []
    for _ in 0..<runs {
      let clock = ContinuousClock()
      seconds.append(try clock.measure(step) / .seconds(1))
    }
    seconds.sort()
    print(
      "\(model.description.name), \(phase), batch \(batch), \(labels) labels, \(backend.info.name) \(backend.info.variant), \(control.pool.lanes) threads: median \(Console.decimal(1000 * seconds[seconds.count / 2], 1)) ms, \(Console.decimal(1000 * seconds[0], 1)) to \(Console.decimal(1000 * seconds[seconds.count - 1], 1)), \(Console.decimal(Double(batch) / seconds[seconds.count / 2], 2)) images/s, at most \(Console.decimal(Self.largestMemory(), 2)) GB resident"
    )
    if layers {
      let peak = try MatrixPeak.measure(backend, control)
      print("Peak of this table: \(Console.decimal(peak, 0)) GFLOP/s, of a product of two 1024 x 1024 matrices.")
      print(table.text(runs: runs, peak: peak))
    }
  }

  /// The most memory this process has held, in GB.
  private static func largestMemory() -> Double {
    var usage = rusage()
    guard getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return 0 }
    // Kilobytes on Linux.
    return Double(usage.ru_maxrss) * 1024 / 1e9
  }

  private func subject() throws -> Model {
    if let model { return try ModelFile.open(model) }
    guard NetworkDescription.presetNames.contains(network) || network.hasSuffix(".json") else {
      let names = NetworkDescription.presetNames.joined(separator: ", ")
      throw EngineError(.notFound, "There is no network '\(network)'; give \(names) or a .json description.")
    }
    var description = try NetworkDescription(preset: network) ?? NetworkDescription.read(network)
    if let size { description.inputSize = size }
    let names = (1...description.classes).map { "class\($0)" }
    let made = try Model(description, classNames: names, parameters: ParameterStore())
    try made.fill(.all, seed: 1)
    return made
  }

  /// One run of what is timed.
  private func workload(
    _ model: Model, _ backend: Backend, _ control: RunControl, _ onKernel: @escaping (KernelTiming) -> Void
  ) throws -> () throws -> Void {
    let description = model.description
    guard labels <= description.classes else {
      throw EngineError(.invalidArgument, "The network has \(description.classes) classes, fewer than \(labels).")
    }
    var random = CounterRandom(seed: 1, stream: 0, index: 0)
    if Self.parts.contains(phase) {
      var settings = PredictionSettings()
      settings.imagesPerBatch = batch
      let predictor = try Predictor(model, backend: backend, control: control, settings: settings)
      if layers { predictor.onKernel = onKernel }
      let images = (0..<batch).map { _ in
        var image = RGBImage(width: description.inputSize, height: description.inputSize)
        for index in image.pixels.indices { image.pixels[index] = UInt8(random.int(0...255)) }
        return image
      }
      let given = [[Int]?](repeating: Array(0..<labels), count: batch)
      switch phase {
      case "trunk": return { _ = try predictor.scores(images) }
      case "labels":
        _ = try predictor.scores(images)
        return { _ = try predictor.segmentAgain(images, labels: given) }
      default: return { _ = try predictor.predict(images, labels: given) }
      }
    }
    var solver = SolverSettings()
    solver.batchSize = batch
    solver.iterSize = 1
    solver.baseLearningRate = 1e-6
    let graph = try Families.of(description).phase(phase).graph(
      description, batch: batch, dropout: true, frozen: { _ in false })
    let execution = Execution(control)
    if layers { execution.onKernel = onKernel }
    let step = try TrainingStep(
      graph, parameters: model.parameters, settings: solver, backend: backend, execution: execution)
    let size = description.inputSize
    let image = try Tensor(
      (0..<(batch * 3 * size * size)).map { _ in Float(random.uniform(-100...100)) }, shape: [batch, 3, size, size])
    var targets = [Float](repeating: 0, count: batch * description.classes)
    for row in 0..<batch { targets[row * description.classes + row % description.classes] = 1 }
    let mask = try graph.mask.map { id in
      let shape = graph.graph[id].type.shape
      return try Tensor((0..<shape.reduce(1, *)).map { _ in Int32(random.int(0...1)) }, shape: shape)
    }
    let data = TrainingBatch(
      image: image, labels: try Tensor(targets, shape: [batch, description.classes]), mask: mask)
    return { _ = try step.run(iteration: 0, batch: { _ in data }) }
  }
}
